package stream_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// ms is a number of milliseconds.
func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// A window is forwarded once, with what the last of its updates would have been, when stream time has passed its end and
// grace; however far stream time leaps, none is lost.
func TestFinalResultsAreTheLastUpdates(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(60) {
		rng := rand.New(rand.NewPCG(seed, 2))
		grace, size := ms(rng.IntN(60)), ms(1+rng.IntN(50))
		w, gap := window.Tumbling(size, grace), window.Session(size, grace)
		kind := rng.IntN(4)
		switch kind {
		case 0:
			w = window.Hopping(size, ms(1+rng.IntN(int(size.Milliseconds()))), grace)
		case 1:
			w = window.Sliding(size, grace)
		}
		var opts []topology.Option
		// Sliding windows that are to be forwarded are seen for a millisecond more on disk; a store in memory does not take a
		// session, and counts it as dropped, that is so late that the next millisecond closes it.
		if kind == 1 || kind != 2 && rng.IntN(2) == 0 {
			opts = append(opts, topology.InMemory())
		}
		in := topology.NewTopic[string, string]("in")
		updates, finals := topology.NewTopic[window.Key[string], *string]("updates"), topology.NewTopic[window.Key[string], *string]("finals")
		b := topology.New("finals")
		groups := stream.From(b, in).GroupByKey()
		aggregate := func(opts ...topology.Option) *table.Table[window.Key[string], *seen] {
			if kind == 2 {
				return groups.WindowedBySession(gap).Aggregate(none, addSeen, func(a *seen, _ string, b *seen) *seen {
					a.Records = append(a.Records, b.Records...)
					return a
				}, opts...)
			}
			return groups.WindowedBy(w).Aggregate(none, addSeen, opts...)
		}
		stream.Changes(aggregate(append(opts, topology.As("updating"))...)).MapValues(textOf).To(updates)
		stream.Changes(aggregate(append(opts, topology.As("closing"), topology.EmitOnWindowClose(), topology.EmitOnCommit())...)).
			MapValues(textOf).To(finals)
		d := testkit.New(t, build(t, b), testkit.CommitEvery(1+rng.IntN(5)))
		now, latest := int64(0), int64(0)
		last, told := map[window.Key[string]]string{}, map[window.Key[string]]string{}
		for i := range 120 {
			now += []int64{0, 1, 5, 20, 500}[rng.IntN(5)]
			at := max(0, now-rng.Int64N(70))
			latest = max(latest, at)
			d.Input(in).Pipe([]string{"a", "ab", "b"}[rng.IntN(3)], fmt.Sprint(i), at)
			for _, r := range d.Output(updates).ReadAll() {
				if delete(last, r.Key); !r.Null {
					last[r.Key] = fmt.Sprintf("%s at %d", *r.Value, r.Timestamp)
				}
			}
			for _, r := range d.Output(finals).ReadAll() {
				if was, twice := told[r.Key]; twice {
					t.Errorf("seed %d: window %s is forwarded twice, as %q before", seed, r.Key, was)
				}
				told[r.Key] = fmt.Sprintf("%s at %d", *r.Value, r.Timestamp)
			}
			for k, v := range last { // an update of a window that was forwarded would show here
				closed := k.End+grace.Milliseconds() <= latest
				switch kind {
				case 1: // by a record that is not near the epoch
					closed = k.End+grace.Milliseconds() < latest && latest == at && at >= w.Size()
				case 2:
					closed = k.End+gap.Retention() < latest
				}
				if told[k] != v && (closed || told[k] != "") {
					t.Errorf("seed %d: window %s is told of as %q, and was last %q", seed, k, told[k], v)
				}
			}
			if t.Failed() {
				t.Fatalf("step %d, a record at %d, the latest at %d: repeat it with -seed=%d\n%s", i, at, latest, seed, d.Skips())
			}
		}
		if len(told) < 5 {
			t.Errorf("seed %d: only %d windows have closed", seed, len(told))
		}
	}
}

// Windows of an input that pauses are closed by the wall clock; records that come back for them are late.
func TestCloseWhenIdle(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	out := topology.NewTopic[window.Key[string], int64]("out")
	type G = *stream.Grouped[string, string]
	for _, tc := range []struct {
		name  string
		count func(g G, opts ...topology.Option) *table.Table[window.Key[string], int64]
		want  string
	}{
		{"tumbling", func(g G, opts ...topology.Option) *table.Table[window.Key[string], int64] {
			return g.WindowedBy(window.Tumbling(time.Minute, 30*time.Second)).Count(opts...)
		}, "[a@0/60000] -> 2 at 59000, [b@0/60000] -> 1 at 58000"},
		{"sliding", func(g G, opts ...topology.Option) *table.Table[window.Key[string], int64] {
			return g.WindowedBy(window.Sliding(time.Second, 30*time.Second)).Count(opts...)
		}, "[a@0/1000] -> 1 at 10, [b@57000/58000] -> 1 at 58000, [a@58000/59000] -> 1 at 59000"},
		{"session", func(g G, opts ...topology.Option) *table.Table[window.Key[string], int64] {
			return g.WindowedBySession(window.Session(time.Minute, 30*time.Second)).Count(opts...)
		}, "[b@58000/58000] -> 1 at 58000, [a@10/59000] -> 2 at 59000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("idle")
			counts := tc.count(stream.From(b, in).GroupByKey(), topology.As("counts"), topology.EmitOnWindowClose(), topology.CloseWhenIdle(20*time.Second))
			stream.Changes(counts).To(out)
			d := testkit.New(t, build(t, b), testkit.StartAt(1_700_000_000_000))
			d.Advance(time.Hour) // nothing is open, and stream time has not begun
			d.Input(in).Pipe("a", "", 10)
			d.Advance(15 * time.Second)
			d.Input(in).Pipe("a", "", 59_000)
			d.Input(in).Pipe("b", "", 58_000)
			got := show(d, out) // what stream time has closed
			d.Advance(19 * time.Second)
			if early := show(d, out); early != nil {
				t.Errorf("closed after 19 s, before it was idle: %v", early)
			}
			d.Advance(5 * time.Minute)
			got = append(got, show(d, out)...)
			if got := strings.Join(got, ", "); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			d.Input(in).Pipe("a", "", 59_500)
			if n := d.Dropped(); n == 0 {
				t.Errorf("a record for windows that the wall clock has closed is not late: %v", show(d, out))
			}
		})
	}
}

// textOf is an aggregate as text, and no text where there is none.
func textOf(s *seen) *string {
	if s == nil {
		return nil
	}
	return new(s.String())
}

// show reads what a topic holds as text.
func show[K, V any](d *testkit.Driver, out topology.Topic[K, V]) []string {
	var list []string
	for _, r := range d.Output(out).ReadAll() {
		list = append(list, r.String())
	}
	return list
}

// Stream time moves on from the last record by as much as the wall clock, and no further: a window that is far from its end waits.
func TestCloseWhenIdleWaitsForTheEnd(t *testing.T) {
	t.Parallel()
	in, out := topology.NewTopic[string, string]("in"), topology.NewTopic[window.Key[string], int64]("out")
	b := topology.New("waits")
	stream.Changes(stream.From(b, in).GroupByKey().WindowedBy(window.Tumbling(time.Hour, window.NoGrace)).
		Count(topology.As("counts"), topology.EmitOnWindowClose(), topology.CloseWhenIdle(time.Minute))).To(out)
	d := testkit.New(t, build(t, b))
	d.Input(in).Pipe("a", "", 0)
	d.Advance(time.Minute)
	d.Advance(58 * time.Minute)
	if got := show(d, out); got != nil {
		t.Errorf("after 59 minutes: %v", got)
	}
	d.Input(in).Pipe("a", "", 1000) // stream time, 59 minutes now, does not go back, and the waiting begins anew
	d.Advance(59 * time.Second)
	if got := show(d, out); got != nil {
		t.Errorf("59 s after the last record: %v", got)
	}
	d.Advance(time.Second)
	if diff := cmp.Diff([]string{"[a@0/3600000] -> 2 at 1000"}, show(d, out)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFaultyClosing(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	final, minute := topology.EmitOnWindowClose(), window.Tumbling(time.Minute, 0)
	type G = *stream.Grouped[string, string]
	for _, tc := range []struct {
		name, want string
		draw       func(g G)
	}{
		{"no windows", "EmitOnWindowClose is for windows and sessions, and this has none", func(g G) { g.Count(topology.As("n"), final) }},
		{"no end", "an unlimited window never closes", func(g G) {
			g.WindowedBy(window.Unlimited(time.UnixMilli(0))).Count(topology.As("n"), final)
		}},
		{"several streams", "windows of several streams close at no one time", func(g G) {
			add := func(n int64, _, _ string) int64 { return n + 1 }
			g.Cogroup(add).And(g, add).WindowedBy(minute).Aggregate(func() int64 { return 0 }, topology.As("n"), final)
		}},
		{"idle without waiting", "add topology.EmitOnWindowClose, or leave it out", func(g G) {
			g.WindowedBy(minute).Count(topology.As("n"), topology.CloseWhenIdle(time.Minute))
		}},
		{"idle sessions without waiting", "add topology.EmitOnWindowClose, or leave it out", func(g G) {
			g.WindowedBySession(night).Count(topology.As("n"), topology.CloseWhenIdle(time.Minute))
		}},
		{"a negative idle time", "CloseWhenIdle(-1s): give whole milliseconds, at least 1", func(g G) {
			g.WindowedBy(minute).Count(topology.As("n"), final, topology.CloseWhenIdle(-time.Second))
		}},
		{"an idle time with a fraction", "CloseWhenIdle(1µs): give whole milliseconds, at least 1", func(g G) {
			g.WindowedBy(minute).Count(topology.As("n"), final, topology.CloseWhenIdle(time.Microsecond))
		}},
		{"a short retention", "a retention of 1s is shorter than the window with its grace (2000 ms)", func(g G) {
			g.WindowedBy(window.Sliding(time.Second, 0)).Count(topology.As("n"), topology.Retention(time.Second))
		}},
		{"a retention of what is kept for ever", "leave topology.Retention out", func(g G) {
			g.WindowedBy(window.Unlimited(time.UnixMilli(0))).Count(topology.As("n"), topology.Retention(time.Hour))
		}},
		{"a faulty definition", "windowed-by: window: Sliding(-1s, 0s): difference is negative", func(g G) {
			g.WindowedBy(window.Sliding(-time.Second, 0)).Count(topology.As("n"))
		}},
		{"a nil callback", "the initialiser is nil", func(g G) {
			g.WindowedBy(window.Sliding(time.Second, 0)).Aggregate(nil, func(n int64, _, _ string) int64 { return n }, topology.As("n"))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("faulty")
			tc.draw(stream.From(b, in).GroupByKey())
			if _, err := b.Build(); err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "emitfinal_test.go:") {
				t.Errorf("Build: %v, want %q and the line", err, tc.want)
			}
		})
	}
}
