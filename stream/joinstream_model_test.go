package stream_test

import (
	"cmp"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

var joinSeed = flag.Uint64("joinseed", 0, "repeat the run of the property test of stream joins with this seed")

// joinInput is a record of one side of a join; no key is a null, and so is no value.
type joinInput struct {
	left       bool
	key, value string
	ts         int64
}

// joinCase is a join, and what goes into it.
type joinCase struct {
	before, after, grace int64
	keepLeft, keepRight  bool
	memory               bool
	commitEvery          int
	in                   []joinInput
}

// A random join of random records gives, record for record, what a model does that looks at everything there ever was.
//
// A run is repeated with: go test ./stream -run TestJoinStreamModel -joinseed N.
func TestJoinStreamModel(t *testing.T) {
	t.Parallel()
	var seeds []uint64
	for seed := range uint64(60) {
		seeds = append(seeds, seed+1)
	}
	for range 60 {
		seeds = append(seeds, rand.Uint64())
	}
	if *joinSeed != 0 {
		seeds = []uint64{*joinSeed}
	}
	pairs, lone := 0, 0
	for _, seed := range seeds {
		c := randomJoin(rand.New(rand.NewPCG(seed, 5)))
		want, dropped := c.model()
		got, gotDropped := c.run(t)
		if diff := gocmp.Diff(want, got); diff != "" || dropped != gotDropped {
			t.Fatalf("-joinseed=%d: %d dropped, want %d (-want +got):\n%s", seed, gotDropped, dropped, diff)
		}
		for _, r := range got {
			if r.Key == "" || r.Value[len(r.Value)-1] == '?' || r.Value[0] == '?' {
				lone++
			} else {
				pairs++
			}
		}
	}
	if len(seeds) > 1 && (pairs < 1000 || lone < 1000) {
		t.Errorf("%d pairs and %d records without a partner are too few to prove anything", pairs, lone)
	}
}

// Records that come in the order of their times are joined as a join of sets would: every pair in the window once, and every record of
// a side that is kept without a partner once.
func TestJoinStreamInOrder(t *testing.T) {
	t.Parallel()
	for range 60 {
		seed := rand.Uint64()
		if *joinSeed != 0 {
			seed = *joinSeed
		}
		c := randomJoin(rand.New(rand.NewPCG(seed, 6)))
		// Without this a record is forgotten before its partners can come: see window.Joined.
		c.grace++
		c.before = max(0, c.before)
		c.in = slices.DeleteFunc(c.in, func(r joinInput) bool { return r.key == "" || r.value == "" })
		for i := range c.in {
			c.in[i].ts += 100 // no window reaches below 0, where it is cut off
		}
		slices.SortStableFunc(c.in, func(a, b joinInput) int { return cmp.Compare(a.ts, b.ts) })
		var want []string
		for _, l := range c.in {
			lone := true
			for _, r := range c.in {
				switch {
				case l.left == r.left || l.key != r.key:
				case l.left && c.meets(l, r):
					want = append(want, l.key+" "+l.value+r.value)
					lone = false
				case !l.left && c.meets(r, l):
					lone = false
				}
			}
			if lone && l.left && c.keepLeft {
				want = append(want, l.key+" "+l.value+"?")
			}
			if lone && !l.left && c.keepRight {
				want = append(want, l.key+" ?"+l.value)
			}
		}
		end := c.in[len(c.in)-1].ts
		for i := range int64(4) { // records far apart, so that all that waits is given
			c.in = append(c.in, joinInput{left: i%2 == 0, key: fmt.Sprint("end", i), value: "x", ts: end + (i+1)*10_000})
		}
		out, _ := c.run(t)
		var got []string
		for _, r := range out {
			if r.Key[:1] != "e" {
				got = append(got, r.Key+" "+r.Value)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("-joinseed=%d: (-want +got):\n%s", seed, diff)
		}
	}
}

func (c *joinCase) meets(l, r joinInput) bool { return r.ts >= l.ts-c.before && r.ts <= l.ts+c.after }

func randomJoin(rng *rand.Rand) *joinCase {
	c := &joinCase{
		before: rng.Int64N(30), after: rng.Int64N(30), grace: rng.Int64N(30),
		keepLeft: rng.IntN(3) > 0, memory: rng.IntN(2) == 0, commitEvery: 1 + rng.IntN(20),
	}
	c.keepRight = c.keepLeft && rng.IntN(2) == 0
	if rng.IntN(5) == 0 {
		c.before = -rng.Int64N(c.after + 1)
	}
	now := rng.Int64N(50)
	for i := range 150 {
		switch rng.IntN(40) {
		case 0:
			now += 70_000
		case 1:
			now += 60
		default:
			now += rng.Int64N(4)
		}
		r := joinInput{left: rng.IntN(2) == 0, key: "abcd"[rng.IntN(4):][:1], value: fmt.Sprint(i, "."), ts: now}
		switch rng.IntN(12) {
		case 0, 1:
			r.ts = max(0, now-rng.Int64N(100))
		case 2:
			r.ts = max(0, now-rng.Int64N(200_000))
		}
		if rng.IntN(20) == 0 {
			r.key = ""
		}
		if rng.IntN(20) == 0 {
			r.value = ""
		}
		c.in = append(c.in, r)
	}
	return c
}

// result is a record that came out.
type result struct {
	Key, Value string
	Timestamp  int64
}

func (c *joinCase) run(t *testing.T) ([]result, int64) {
	t.Helper()
	ms := time.Millisecond
	w := window.Joined(0, time.Duration(c.grace)*ms).Before(time.Duration(c.before) * ms).After(time.Duration(c.after) * ms)
	opts := []topology.Option{joinName}
	if c.memory {
		opts = append(opts, topology.InMemory())
	}
	join := func(l string, okL bool, r string, okR bool) string {
		switch {
		case !okL:
			return "?" + r
		case !okR:
			return l + "?"
		default:
			return l + r
		}
	}
	d := joining(t, func(l, r texts) texts {
		switch {
		case c.keepRight:
			return l.OuterJoinStream(r, w, join, opts...)
		case c.keepLeft:
			return l.LeftJoinStream(r, w, func(l, r string, ok bool) string { return join(l, true, r, ok) }, opts...)
		default:
			return l.JoinStream(r, w, both, opts...)
		}
	}, testkit.CommitEvery(c.commitEvery))
	for _, r := range c.in {
		in := rights
		if r.left {
			in = lefts
		}
		d.Input(in).PipeRecord(stream.Record[string, string]{Key: r.key, NullKey: r.key == "", Value: r.value, Null: r.value == "", Timestamp: r.ts})
	}
	var got []result
	for _, r := range d.Output(text).ReadAll() {
		got = append(got, result{r.Key, r.Value, r.Timestamp})
	}
	return got, d.Dropped()
}

// joinModel is all that a join knows, as lists that only grow but for what waits.
type joinModel struct {
	*joinCase
	kept       map[bool][]joinInput // by side: is it left
	latest     map[bool]int64       // by side
	waiting    []joinInput          // by time, right before left, key, arrival
	time, from int64
	out        []result
	dropped    int64
}

func (c *joinCase) model() ([]result, int64) {
	m := &joinModel{joinCase: c, kept: map[bool][]joinInput{}, latest: map[bool]int64{true: -1, false: -1}, time: -1, from: math.MaxInt64}
	for _, r := range c.in {
		m.take(r)
	}
	return m.out, m.dropped
}

func (m *joinModel) take(r joinInput) {
	m.time = max(m.time, r.ts)
	keep := r.left && m.keepLeft || !r.left && m.keepRight
	if r.key == "" && r.value != "" && keep {
		m.give(r, joinInput{}, r.ts)
		return
	}
	if r.key == "" || r.value == "" {
		m.dropped++
		if r.key != "" && m.memory { // a store in memory looks at the time of a null
			m.put(r)
		}
		return
	}
	ahead, behind := m.before, m.after
	if r.left {
		ahead, behind = m.after, m.before
	}
	if r.ts == m.time && m.from < math.MaxInt64 && m.from+ahead+m.grace < m.time {
		m.close()
	}
	found := false
	for _, o := range m.partners(r, max(0, r.ts-behind), max(0, r.ts+ahead)) {
		found = true
		m.waiting = slices.DeleteFunc(m.waiting, func(w joinInput) bool { return w.left == o.left && w.ts == o.ts && w.key == o.key })
		m.give(r, o, max(r.ts, o.ts))
	}
	switch {
	case found || !keep:
	case max(0, r.ts+ahead) < m.time:
		m.give(r, joinInput{}, r.ts)
	default:
		m.waiting = append(m.waiting, r)
		slices.SortStableFunc(m.waiting, func(a, b joinInput) int {
			side := map[bool]int{true: 1}
			return cmp.Or(cmp.Compare(a.ts, b.ts), side[a.left]-side[b.left], cmp.Compare(a.key, b.key))
		})
		m.from = min(m.from, r.ts)
	}
	m.put(r)
}

// partners are the records of the other side that have not expired, by time, then arrival.
func (m *joinModel) partners(r joinInput, from, to int64) []joinInput {
	var list []joinInput
	for _, o := range m.kept[!r.left] {
		if o.key == r.key && o.ts >= from && o.ts <= to && o.ts > m.latest[!r.left]-m.retention() {
			list = append(list, o)
		}
	}
	slices.SortStableFunc(list, func(a, b joinInput) int { return cmp.Compare(a.ts, b.ts) })
	return list
}

func (c *joinCase) retention() int64 { return c.before + c.after + c.grace }

func (m *joinModel) put(r joinInput) {
	m.latest[r.left] = max(m.latest[r.left], r.ts)
	expired := m.latest[r.left] - m.retention()
	switch {
	case m.memory && r.ts <= expired, !m.memory && expired >= 0 && r.ts/60_000 < expired/60_000:
		m.dropped++
	case r.value != "":
		m.kept[r.left] = append(m.kept[r.left], r)
	}
}

// close gives what has waited until its window closed. It ends once it has met an open window of either side.
func (m *joinModel) close() {
	m.from = math.MaxInt64
	open := map[bool]bool{}
	var rest []joinInput
	for i, w := range m.waiting {
		m.from = w.ts
		if open[true] && open[false] {
			rest = append(rest, m.waiting[i:]...)
			break
		}
		reach := m.before
		if w.left {
			reach = m.after
		}
		if w.ts+reach+m.grace >= m.time {
			open[w.left] = true
			rest = append(rest, w)
			continue
		}
		m.give(w, joinInput{}, w.ts)
	}
	m.waiting = rest
}

func (m *joinModel) give(r, o joinInput, ts int64) {
	v := r.value + o.value
	switch {
	case !r.left && o.value != "":
		v = o.value + r.value
	case o.value == "" && r.left:
		v = r.value + "?"
	case o.value == "":
		v = "?" + r.value
	}
	m.out = append(m.out, result{r.key, v, ts})
}
