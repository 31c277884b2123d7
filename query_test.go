package millrace_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// tallies are the counts of a topic's keys: of all time, by minute, and by session of a minute's gap.
type tallies struct {
	topo            *topology.Topology
	all, odd        *table.Table[string, int64]
	minutes, visits *table.Table[window.Key[string], int64]
	seen            chan string
	in, id          string
}

func tally(t *testing.T, bootstrap string) *tallies {
	t.Helper()
	x := &tallies{seen: make(chan string, 100)}
	x.in, _ = topics(t, bootstrap, 2, 1)
	x.id = newApp(t, bootstrap)
	b := topology.New(x.id)
	keys := stream.From(b, topology.NewTopic[string, int64](x.in)).GroupByKey(topology.As("keys"))
	x.all = keys.Count(topology.As("all"))
	x.odd = x.all.Filter(func(_ string, n int64) bool { return n%2 == 1 })
	x.minutes = keys.WindowedBy(window.Tumbling(time.Minute, window.NoGrace)).Count(topology.As("minutes"))
	x.visits = keys.WindowedBySession(window.Session(time.Minute, window.NoGrace)).Count(topology.As("visits"))
	stream.Changes(x.visits).ForEach(func(k window.Key[string], _ int64) { x.seen <- k.Key })
	stream.Changes(x.odd.Join(x.all, func(a, _ int64) int64 { return a }, topology.As("both"))).ForEach(func(string, int64) {})
	var err error
	if x.topo, err = b.Build(); err != nil {
		t.Fatal(err)
	}
	return x
}

func comings(minutes ...int) []brokertest.Record {
	var list []brokertest.Record
	for _, m := range minutes {
		list = append(list, brokertest.Record{Key: []byte("ann"), Value: number(1), Timestamp: time.UnixMilli(int64(m) * 60_000)})
	}
	return list
}

// until asks again until an answer comes that is not the zero one.
func until[T comparable](t *testing.T, what string, ask func() T) T {
	t.Helper()
	var none T
	for deadline := time.Now().Add(longest); ; {
		if got := ask(); got != none {
			return got
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: there is no answer", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	x := tally(t, cfg.Bootstrap)
	brokertest.Produce(t, cfg.Bootstrap, x.in, comings(1, 1, 2, 7)...)
	a := start(t, x.topo, cfg)
	get := func(tb *table.Table[string, int64], key string) int64 {
		row, _, err := millrace.Get(t.Context(), a.App, tb, key)
		check(t, err)
		return row.Value
	}
	until(t, "the count", func() bool { return get(x.all, "ann") == 4 })
	if row, ok, err := millrace.Get(t.Context(), a.App, x.all, "ann"); !ok || err != nil || row.Timestamp != 7*60_000 {
		t.Errorf("Get = %+v, %t, %v", row, ok, err)
	}
	if n := get(x.odd, "ann"); n != 0 {
		t.Errorf("an even count passes the filter: %d", n)
	}
	if _, ok, err := millrace.Get(t.Context(), a.App, x.all, "bob"); ok || err != nil {
		t.Errorf("a row of bob: %t, %v", ok, err)
	}
	if row, ok, err := millrace.Get(t.Context(), a.App, x.minutes, window.Key[string]{Key: "ann", Start: 420_000, End: 480_000}); !ok || err != nil || row.Value != 1 {
		t.Errorf("a window: %+v, %t, %v", row, ok, err)
	}

	var rows, minutes, sessions []string
	c, err := millrace.QueryRows(t.Context(), a.App, x.all, func(r *state.Reader[string, int64]) error {
		for row, err := range r.All() {
			check(t, err)
			rows = append(rows, fmt.Sprint(row.Key, " ", row.Value))
		}
		return nil
	})
	if err != nil || c != (millrace.Coverage{Here: 2, All: 2}) {
		t.Errorf("coverage %+v, %v", c, err)
	}
	_, err = millrace.QueryWindows(t.Context(), a.App, x.minutes, func(r *state.WindowReader[string, int64]) error {
		for row, err := range r.Fetch("ann", 0, 10*60_000) {
			check(t, err)
			minutes = append(minutes, fmt.Sprint(row.Start/60_000, " ", row.Value))
		}
		return nil
	})
	check(t, err)
	_, err = millrace.QuerySessions(t.Context(), a.App, x.visits, func(r *state.SessionReader[string, int64]) error {
		for row, err := range r.Find("ann", 0, 10*60_000) {
			check(t, err)
			sessions = append(sessions, fmt.Sprint(row.Key.Start/60_000, "-", row.Key.End/60_000, " ", row.Value))
		}
		return nil
	})
	check(t, err)
	// What has expired is not seen: the last visit is at minute 7.
	if diff := cmp.Diff([][]string{{"ann 4"}, {"7 1"}, {"7-7 1"}}, [][]string{rows, minutes, sessions}); diff != "" {
		t.Errorf("rows, windows and sessions (-want +got):\n%s", diff)
	}
	wrong := errors.New("enough")
	if _, err := millrace.QueryRows(t.Context(), a.App, x.all, func(*state.Reader[string, int64]) error { return wrong }); !errors.Is(err, wrong) {
		t.Errorf("the error of a query: %v", err)
	}
	if _, err := millrace.QueryRows(t.Context(), a.App, x.all, func(*state.Reader[string, int64]) error { panic("oh") }); err == nil || !strings.Contains(err.Error(), "oh") {
		t.Errorf("a query that panics: %v", err)
	}
	if _, err := millrace.QueryRows(t.Context(), a.App, x.odd, func(*state.Reader[string, int64]) error { return nil }); err != nil {
		t.Errorf("the rows beneath a filter: %v", err)
	}
	check(t, a.shutdown())
	if _, _, err := millrace.Get(t.Context(), a.App, x.all, "ann"); err == nil {
		t.Error("an App that has stopped answers")
	}
}

// What has been processed and not committed is not seen.
func TestQueryIsCommitted(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.CommitInterval = 2 * time.Second
	x := tally(t, cfg.Bootstrap)
	a := start(t, x.topo, cfg)
	// A commit may come between a record and the question, but not each time: they are 2 s apart.
	hidden := 0
	for n := int64(1); n <= 3; n++ {
		brokertest.Produce(t, cfg.Bootstrap, x.in, comings(1)...)
		<-x.seen
		row, _, err := millrace.Get(t.Context(), a.App, x.all, "ann")
		check(t, err)
		if row.Value < n {
			hidden++
		}
		until(t, "the commit", func() bool {
			row, _, err := millrace.Get(t.Context(), a.App, x.all, "ann")
			check(t, err)
			return row.Value == n
		})
	}
	if hidden == 0 {
		t.Error("what was not committed was seen")
	}
}

// A key that another instance may have is not said to be missing; a table of another topology is said to be that.
func TestQueryElsewhere(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	x := tally(t, cfg.Bootstrap)
	idle, err := millrace.New(x.topo, cfg)
	check(t, err)
	if _, _, err := millrace.Get(t.Context(), idle, x.all, "ann"); err == nil || !strings.Contains(err.Error(), "does not run") {
		t.Errorf("an App that does not run: %v", err)
	}
	start(t, x.topo, cfg)
	other := cfg
	other.StateDir = t.TempDir()
	b := start(t, x.topo, other)
	until(t, "the second instance's share", func() bool {
		c, err := millrace.QueryRows(t.Context(), b.App, x.all, func(*state.Reader[string, int64]) error { return nil })
		check(t, err)
		return c == millrace.Coverage{Here: 1, All: 2}
	})
	if _, ok, err := millrace.Get(t.Context(), b.App, x.all, "nobody"); ok || !errors.Is(err, millrace.ErrElsewhere) {
		t.Errorf("a key that is nowhere: %t, %v", ok, err)
	}
	if _, _, err := millrace.Get(t.Context(), b.App, tally(t, cfg.Bootstrap).all, "ann"); err == nil || !strings.Contains(err.Error(), "another topology") {
		t.Errorf("a table of another topology: %v", err)
	}
}
