package stream_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

var seedFlag = flag.Uint64("seed", 0, "run property tests with this seed only")

// seeds are some that are always tried, and some that never were.
func seeds(n int) []uint64 {
	if *seedFlag != 0 {
		return []uint64{*seedFlag}
	}
	list := []uint64{1, 2, 3}
	for len(list) < n {
		list = append(list, rand.Uint64())
	}
	return list
}

// seen is an aggregate that is changed in place, so that two windows which held one would be found out.
type seen struct{ Records []string }

func (s *seen) add(_ string, v string) *seen {
	s.Records = append(s.Records, v)
	return s
}

func (s *seen) String() string { return strings.Join(s.Records, " ") }

func none() *seen                        { return &seen{} }
func addSeen(s *seen, k, v string) *seen { return s.add(k, v) }

// event is a record of a property test.
type event struct {
	key string
	at  int64
	id  string
}

// Where nothing is late, sliding windows are what their definition says: one for each set of records that a window of the size
// can hold and that begins or ends with one, with the records in the order in which they came.
func TestSlidingIsItsDefinition(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		size := int64(rng.IntN(40))
		opts := []topology.Option{topology.As("windows"), topology.Retention(time.Hour)}
		if rng.IntN(2) == 0 {
			opts = append(opts, topology.InMemory())
		}
		if rng.IntN(2) == 0 {
			opts = append(opts, topology.EmitOnCommit())
		}
		in, out := topology.NewTopic[string, string]("in"), topology.NewTopic[window.Key[string], string]("out")
		b := topology.New("sliding")
		rows := stream.From(b, in).GroupByKey().WindowedBy(window.Sliding(time.Duration(size)*time.Millisecond, time.Minute)).Aggregate(none, addSeen, opts...)
		stream.Changes(rows).MapValues((*seen).String).To(out)
		d := testkit.New(t, build(t, b), testkit.CommitEvery(1+rng.IntN(4)))
		var events []event
		for i := range 80 {
			e := event{key: []string{"a", "ab", "b"}[rng.IntN(3)], at: rng.Int64N(150), id: fmt.Sprint(i)}
			if rng.IntN(3) == 0 && i > 0 {
				e.at = events[i-1].at
			}
			events = append(events, e)
			d.Input(in).Pipe(e.key, e.id, e.at)
		}
		d.Commit()
		want := slidingWindows(events, size)
		got := map[string]string{}
		for _, r := range d.WindowRows[string, *seen]("windows") {
			got[fmt.Sprintf("%s@%d", r.Key, r.Start)] = fmt.Sprintf("%s, last at %d", r.Value, r.Timestamp)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("seed %d, difference %d: rows (-definition +got):\n%s", seed, size, diff)
		}
		last := map[string]string{} // what was forwarded last of each window
		for _, r := range d.Output(out).ReadAll() {
			last[fmt.Sprintf("%s@%d", r.Key.Key, r.Key.Start)] = fmt.Sprintf("%s, last at %d", r.Value, r.Timestamp)
			if r.Key.End != r.Key.Start+size {
				t.Errorf("seed %d: window %s ends at %d", seed, r.Key, r.Key.End)
			}
		}
		if diff := cmp.Diff(want, last); diff != "" {
			t.Errorf("seed %d, difference %d: forwarded (-definition +got):\n%s", seed, size, diff)
		}
		if t.Failed() {
			t.Fatalf("repeat it with -seed=%d", seed)
		}
	}
}

// slidingWindows is the definition: by key and start, the records and the time of the latest.
func slidingWindows(events []event, size int64) map[string]string {
	windows := map[string]string{}
	for _, e := range events {
		for _, start := range []int64{max(0, e.at-size), e.at + 1} {
			latest, ids := int64(-1), []string{}
			for _, o := range events {
				if o.key == e.key && o.at >= start && o.at <= start+size {
					latest, ids = max(latest, o.at), append(ids, o.id)
				}
			}
			if latest >= 0 {
				windows[fmt.Sprintf("%s@%d", e.key, start)] = fmt.Sprintf("%s, last at %d", strings.Join(ids, " "), latest)
			}
		}
	}
	return windows
}

// What is late goes into the windows that are still open, and nowhere if there is none.
func TestSlidingLateRecords(t *testing.T) {
	t.Parallel()
	in, out := topology.NewTopic[string, string]("in"), topology.NewTopic[window.Key[string], int64]("out")
	b := topology.New("late")
	stream.Changes(stream.From(b, in).GroupByKey().WindowedBy(window.Sliding(10*time.Millisecond, 5*time.Millisecond)).
		Count(topology.As("counts"))).To(out)
	d := testkit.New(t, build(t, b))
	d.Input(in).Pipe("a", "", 100)
	d.Input(in).Pipe("a", "", 95)  // its left window, [85, 95], is open: 100 - 5 is its end
	d.Input(in).Pipe("a", "", 94)  // [84, 94] has closed
	d.Input(in).Pipe("a", "", 84)  // no window that holds it is open
	d.Input(in).PipeNull("a", 100) // has no part in any
	d.PipeBytes("in", nil, []byte("x"), 100)
	got := []string{}
	for _, r := range d.Output(out).ReadAll() {
		got = append(got, r.String())
	}
	want := []string{
		"[a@90/100] -> 1 at 100",
		"[a@90/100] -> 2 at 100", "[a@85/95] -> 1 at 95", "[a@96/106] -> 1 at 100",
		"[a@90/100] -> 3 at 100", "[a@85/95] -> 2 at 95", "[a@95/105] -> 2 at 100",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	reasons := map[string]int{}
	for _, s := range d.Skips() {
		for _, reason := range []string{"late: its window has closed", "null key or value"} {
			if strings.Contains(s, reason) {
				reasons[reason]++
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"late: its window has closed": 2, "null key or value": 2}, reasons); diff != "" {
		t.Errorf("%v, -want +got:\n%s", slices.Sorted(maps.Keys(reasons)), diff)
	}
}
