package store_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
)

const joinRetention = 90_000

func makeJoinBuffer(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore {
	return store.NewJoinBuffer(c, s, d, prefix, joinRetention)
}

// joinModel is a list of all records ever put, which is searched from end to end.
type joinModel struct {
	*part
	rng              *rand.Rand
	all, committed   []joinRecord
	observed, saved  int64
	puts, found, old int
}

type joinRecord struct {
	key, value string
	ts         int64
}

func (m *joinModel) store() *store.JoinBuffer { return m.ts.(*store.JoinBuffer) }

// A join buffer finds what a list of all records would hold, but for what has expired: duplicates too, by time, then arrival.
func TestJoinBufferModel(t *testing.T) {
	t.Parallel()
	property(t, func(t *testing.T, rng *rand.Rand, open func(t *testing.T) db.DB) {
		spec := &graph.Store{Name: "side", Retention: joinRetention, Memory: rng.IntN(2) == 0}
		m := &joinModel{part: newPart(t, spec, open(t), makeJoinBuffer), rng: rng, observed: -1, saved: -1}
		for range 1500 {
			m.act()
		}
		m.settle()
		m.compare(m.store(), 50)
		m.compare(m.restored(open(t)).ts.(*store.JoinBuffer), 50)
		m.neighbours()
		m.gone()
		if m.puts < 400 || m.found < 400 || m.old < 5 {
			t.Errorf("%d puts, %d records found, %d puts too late: too dull to prove anything", m.puts, m.found, m.old)
		}
	})
}

func (m *joinModel) act() {
	switch p := m.rng.IntN(100); {
	case p < 60:
		m.put()
	case p < 90:
		m.compare(m.store(), 1)
	case p < 97:
		m.settle()
	case p < 98:
		m.reopen()
		m.all, m.observed = slices.Clone(m.committed), m.saved
	default:
		m.abort()
		m.all, m.observed = slices.Clone(m.committed), m.saved
	}
}

func (m *joinModel) settle() {
	m.commit()
	m.committed, m.saved = slices.Clone(m.all), m.observed
}

func (m *joinModel) put() {
	r := joinRecord{shortKey(m.rng), fmt.Sprint("v", m.puts), max(0, m.observed+m.rng.Int64N(60)-40)}
	switch m.rng.IntN(40) {
	case 0:
		r.ts += 70_000
	case 1, 2:
		r.ts = max(0, m.observed-m.rng.Int64N(4*joinRetention))
	}
	m.puts++
	m.observed = max(m.observed, r.ts)
	want := r.ts > m.observed-joinRetention
	if segment := int64(60_000); !m.spec.Memory {
		want = r.ts/segment >= max(0, m.observed-joinRetention)/segment
	}
	if got := m.store().Put([]byte(r.key), []byte(r.value), r.ts); got != want {
		m.t.Fatalf("Put at %d, %d after the latest, is %v", r.ts, r.ts-m.observed, got)
	}
	if want && !m.ctx.Mutated {
		m.t.Fatal("a put does not count as a change")
	}
	if want {
		m.all = append(m.all, r)
	} else {
		m.old++
	}
}

// compare looks up ranges of a few keys.
func (m *joinModel) compare(s *store.JoinBuffer, times int) {
	m.t.Helper()
	for range times {
		key := shortKey(m.rng)
		from := max(0, m.observed-m.rng.Int64N(2*joinRetention))
		if m.rng.IntN(2) == 0 {
			from = max(0, m.observed-m.rng.Int64N(100))
		}
		to := from + m.rng.Int64N(joinRetention)
		var want, got []string
		for _, r := range m.all {
			if r.key == key && r.ts >= from && r.ts <= to && r.ts > m.observed-joinRetention {
				want = append(want, fmt.Sprintf("%020d %s", r.ts, r.value))
			}
		}
		slices.SortStableFunc(want, func(a, b string) int { return strings.Compare(a[:20], b[:20]) })
		noError(m.t, s.Each([]byte(key), from, to, func(ts int64, v []byte) error {
			got = append(got, fmt.Sprintf("%020d %s", ts, v))
			return nil
		}))
		if diff := gocmp.Diff(want, got); diff != "" {
			m.t.Fatalf("%q from %d to %d, latest %d (-want +got):\n%s", key, from, to, m.observed, diff)
		}
		m.found += len(got)
	}
}

// gone checks that no row of an expired segment is in the DB.
func (m *joinModel) gone() {
	m.t.Helper()
	it, err := m.d.Iter(prefix, []byte{0, 8})
	noError(m.t, err)
	rows, least := 0, max(0, m.observed-joinRetention)/60_000*60_000
	kept := 0
	for _, r := range m.all {
		if r.ts >= least {
			kept++
		}
	}
	for it.Next() {
		rows++
	}
	noError(m.t, it.Err())
	noError(m.t, it.Close())
	if rows != kept {
		m.t.Errorf("%d rows are in the DB, %d have not expired", rows, kept)
	}
}

// A null is no record; a store in memory looks at its time all the same.
func TestJoinBufferOfNulls(t *testing.T) {
	t.Parallel()
	for memory, want := range map[bool][3]bool{false: {true, true, true}, true: {true, false, false}} {
		p := newPart(t, &graph.Store{Name: "side", Memory: memory, Retention: joinRetention}, disks["memory"](t), makeJoinBuffer)
		b := p.ts.(*store.JoinBuffer)
		put := func(value []byte, ts int64) bool { return b.Put([]byte("k"), value, ts) }
		got := [3]bool{put(nil, 200_000), put(nil, 1000), put([]byte("v"), 100_000)}
		if got != want {
			t.Errorf("in memory %v: %v, want %v", memory, got, want)
		}
	}
}

// With no retention nothing is ever found, as in Kafka Streams.
func TestJoinBufferWithoutRetention(t *testing.T) {
	t.Parallel()
	p := newPart(t, &graph.Store{Name: "side", Retention: 1}, disks["memory"](t), func(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore {
		return store.NewJoinBuffer(c, s, d, prefix, 0)
	})
	b := p.ts.(*store.JoinBuffer)
	b.Put([]byte("k"), []byte("v"), 5)
	noError(t, b.Each([]byte("k"), 0, 10, func(int64, []byte) error { t.Error("found"); return nil }))
}

// A commit with many rows is as good as one with few.
func TestJoinsOfManyRows(t *testing.T) {
	t.Parallel()
	const n = 5000
	p := newPart(t, &graph.Store{Name: "side", Retention: joinRetention}, disks["memory"](t), makeJoinBuffer)
	q := newPart(t, &graph.Store{Name: "waiting"}, disks["memory"](t), makeUnmatched)
	b, u := p.ts.(*store.JoinBuffer), q.ts.(*store.Unmatched)
	for range 2 {
		for i := range n {
			key := []byte(fmt.Sprint(i))
			b.Put(key, []byte("v"), int64(i))
			noError(t, u.Add(true, int64(i), key, []byte("v")))
		}
		p.commit()
		q.commit()
	}
	found, given := 0, 0
	for i := range n {
		noError(t, b.Each([]byte(fmt.Sprint(i)), 0, n, func(int64, []byte) error { found++; return nil }))
	}
	u.Advance(n)
	noError(t, u.Close([2]int64{}, func(bool, int64, []byte, []byte) error { given++; return nil }))
	if found != 2*n || given != 2*n || u.Least != n-1 {
		t.Errorf("%d found, %d given, least %d; want %d, %d, %d", found, given, u.Least, 2*n, 2*n, n-1)
	}
}

func makeUnmatched(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore {
	return store.NewUnmatched(c, s, d, prefix)
}

type waitingID struct {
	ts   int64
	left bool
	key  string
}

func (a waitingID) compare(b waitingID) int {
	side := map[bool]int{true: 1}
	switch {
	case a.ts != b.ts:
		return int(a.ts - b.ts)
	case a.left != b.left:
		return side[a.left] - side[b.left]
	default:
		return strings.Compare(a.key, b.key)
	}
}

// unmatchedState is what a task knows of what waits.
type unmatchedState struct {
	rows        map[waitingID][]string
	time, least int64
}

func (s unmatchedState) clone() unmatchedState {
	s.rows = maps.Clone(s.rows)
	return s
}

// unmatchedModel walks over all that waits as Kafka Streams does.
type unmatchedModel struct {
	*part
	rng        *rand.Rand
	is, was    unmatchedState
	reach      [2]int64
	rights     bool // are there any
	gave, many int
}

func (m *unmatchedModel) store() *store.Unmatched { return m.ts.(*store.Unmatched) }

// What waits comes out in order, however it is spread over DB and overlay, and Least is where a walk over all of it ends.
func TestUnmatchedModel(t *testing.T) {
	t.Parallel()
	property(t, func(t *testing.T, rng *rand.Rand, open func(t *testing.T) db.DB) {
		m := &unmatchedModel{
			part: newPart(t, &graph.Store{Name: "waiting"}, open(t), makeUnmatched), rng: rng,
			is:    unmatchedState{rows: map[waitingID][]string{}, time: -1, least: store.NoTime},
			reach: [2]int64{rng.Int64N(40), rng.Int64N(40)}, rights: rng.IntN(3) > 0,
		}
		m.was = m.is.clone()
		for step := range 3000 {
			m.act(step)
			if m.store().Time != m.is.time || m.store().Least != m.is.least {
				t.Fatalf("step %d: time and least are %d, %d, want %d, %d", step, m.store().Time, m.store().Least, m.is.time, m.is.least)
			}
		}
		m.settle()
		m.part = m.restored(open(t))
		m.close()
		m.is.time += 1000
		m.store().Advance(m.is.time)
		m.close()
		if len(m.is.rows) > 0 || m.gave < 300 || m.many < 5 {
			t.Errorf("%d left, %d given, %d times several at once: too dull to prove anything", len(m.is.rows), m.gave, m.many)
		}
	})
}

func (m *unmatchedModel) act(step int) {
	switch p := m.rng.IntN(100); {
	case p < 50:
		m.add(step)
	case p < 70:
		m.remove()
	case p < 90:
		m.is.time = max(m.is.time, m.is.time+m.rng.Int64N(30)-10)
		m.store().Advance(m.is.time)
		m.close()
	case p < 96:
		m.settle()
	case p < 98:
		m.reopen()
		m.is = m.was.clone()
	default:
		m.abort()
		m.is = m.was.clone()
	}
}

func (m *unmatchedModel) settle() {
	m.commit()
	m.was = m.is.clone()
}

func (m *unmatchedModel) some() waitingID {
	return waitingID{max(0, m.is.time-m.rng.Int64N(20)), !m.rights || m.rng.IntN(2) == 0, shortKey(m.rng)}
}

func (m *unmatchedModel) add(step int) {
	id, v := m.some(), fmt.Sprint("v", step)
	noError(m.t, m.store().Add(id.left, id.ts, []byte(id.key), []byte(v)))
	m.is.rows[id] = append(slices.Clone(m.is.rows[id]), v)
	m.is.least = min(m.is.least, id.ts)
}

func (m *unmatchedModel) remove() {
	id := m.some()
	if ids := m.order(); len(ids) > 0 && m.rng.IntN(3) > 0 {
		id = ids[m.rng.IntN(len(ids))]
	}
	noError(m.t, m.store().Remove(id.left, id.ts, []byte(id.key)))
	delete(m.is.rows, id)
}

func (m *unmatchedModel) order() []waitingID {
	return slices.SortedFunc(maps.Keys(m.is.rows), waitingID.compare)
}

// close walks over every value, and compares what the store gave.
func (m *unmatchedModel) close() {
	m.t.Helper()
	var want, got []string
	is := m.is.clone()
	is.least = store.NoTime
	var open [2]bool
walk:
	for _, id := range m.order() {
		side := 0
		if id.left {
			side = 1
		}
		for _, v := range m.is.rows[id] {
			is.least = id.ts
			if open[0] && open[1] {
				break walk
			}
			if id.ts+m.reach[side] >= is.time {
				open[side] = true
				continue
			}
			want = append(want, fmt.Sprint(id, v))
			delete(is.rows, id)
		}
	}
	m.is = is
	noError(m.t, m.store().Close(m.reach, func(left bool, ts int64, key, value []byte) error {
		got = append(got, fmt.Sprint(waitingID{ts, left, string(key)}, string(value)))
		return nil
	}))
	if diff := gocmp.Diff(want, got); diff != "" {
		m.t.Fatalf("at %d (-want +got):\n%s", m.is.time, diff)
	}
	m.gave += len(got)
	if len(got) > 1 {
		m.many++
	}
}
