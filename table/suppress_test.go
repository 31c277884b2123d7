package table_test

import (
	"context"
	"errors"
	"fmt"
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

var (
	held  = topology.NewTopic[string, string]("held")
	let   = topology.NewTopic[string, string]("let")
	letGo = topology.NewTopic[window.Key[string], int64]("let_go")
	tens  = window.Tumbling(10*time.Millisecond, 5*time.Millisecond)
)

// letFor draws a table of topic held whose changes wait for a time.
func letFor(limit time.Duration, opts ...topology.Option) *topology.Builder {
	b := topology.New("let")
	table.From(b, held, topology.As("rows")).SuppressUntilTimeLimit(limit, append(opts, topology.As("held"))...).To(let)
	return b
}

// pipeAll pipes "key value time" each, "-" for a null, and returns what comes out at each step.
func pipeAll(d *testkit.Driver, records ...string) []string {
	var steps []string
	seen := len(d.Produced())
	for _, r := range records {
		var key, value string
		var at int64
		if _, err := fmt.Sscan(r, &key, &value, &at); err != nil {
			panic(err)
		}
		if value == deleted {
			d.Input(held).PipeNull(key, at)
		} else {
			d.Input(held).Pipe(key, value, at)
		}
		var out []string
		for _, p := range d.Produced()[seen:] {
			v := string(p.Value)
			if p.Value == nil {
				v = deleted
			}
			out = append(out, fmt.Sprintf("%s %s %d", p.Key, v, p.Timestamp))
			seen++
		}
		steps = append(steps, strings.Join(out, ", "))
	}
	return steps
}

// What a table lets go when it holds its changes back for a time.
func TestSuppressUntilTimeLimit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		b       *topology.Builder
		records []string
		want    []string
	}{
		{
			"the last change of a key, when its first is due; a later one does not prolong the wait", letFor(10 * time.Millisecond),
			[]string{"a 1 0", "a 2 6", "b 1 9", "a 3 9", "c 1 10", "c 2 21"},
			[]string{"", "", "", "", "a 3 9", "b 1 9, c 2 21"},
		},
		{
			"by time, then by key", letFor(10 * time.Millisecond),
			[]string{"c 1 5", "b 1 5", "a 1 6", "b 2 7", "z 1 20"},
			[]string{"", "", "", "", "b 2 7, c 1 5, a 1 6"},
		},
		{
			"deletes are changes, also of a row that was not there", letFor(10 * time.Millisecond),
			[]string{"a - 0", "b 1 1", "b - 2", "c 1 20"},
			[]string{"", "", "", "a - 0, b - 2"},
		},
		{
			"one that is late for the limit goes at once", letFor(10 * time.Millisecond),
			[]string{"a 1 30", "b 1 20", "b 2 21"},
			[]string{"", "b 1 20", ""},
		},
		{
			"no wait", letFor(0),
			[]string{"a 1 5", "b 1 4", "b 2 6"},
			[]string{"a 1 5", "b 1 4", "b 2 6"},
		},
		{
			"early, the first ones first, when there are too many", letFor(time.Hour, topology.BufferRecords(2)),
			[]string{"b 1 5", "a 1 5", "c 1 1", "c 2 9", "d 1 9"},
			[]string{"", "", "c 1 1", "a 1 5", "b 1 5"},
		},
		{
			"no room", letFor(time.Hour, topology.BufferRecords(0)),
			[]string{"b 1 5", "b - 5"},
			[]string{"b 1 5", "b - 5"},
		},
		{
			// Each is 28 bytes, topic and key, and the value with the one that it replaces if that is not what was let go.
			"early when they are too large", letFor(time.Hour, topology.BufferBytes(70)),
			[]string{"a 1 0", "b 2 0", "a 3 1", "b 22 1", "b 3 1"},
			[]string{"", "", "", "a 3 1", ""},
		},
		{
			"too large by itself", letFor(time.Hour, topology.BufferBytes(10)),
			[]string{"a 1 0"},
			[]string{"a 1 0"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := testkit.New(t, topology.Must(tc.b.Build()))
			if diff := cmp.Diff(tc.want, pipeAll(d, tc.records...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A change that is let go has the headers of its last update, and its topic and offset.
func TestSuppressedRecord(t *testing.T) {
	t.Parallel()
	b := topology.New("let")
	stream.Changes(table.From(b, held, topology.As("rows")).SuppressUntilTimeLimit(5*time.Millisecond, topology.As("held"))).
		ProcessValues(func(_ context.Context, r stream.Record[string, string]) (string, error) {
			return fmt.Sprint(r.Value, r.Topic, r.Offset, string(r.Headers[0].Value)), nil
		}).To(let)
	d := testkit.New(t, topology.Must(b.Build()))
	for i, r := range []stream.Record[string, string]{{Key: "a", Value: "1"}, {Key: "a", Value: "2", Timestamp: 1}, {Key: "b", Value: "3", Timestamp: 9}} {
		r.Headers = []stream.Header{{Key: "h", Value: fmt.Append(nil, i)}}
		d.Input(held).PipeRecord(r)
	}
	if diff := cmp.Diff([]string{"2held11"}, d.Output(let).Values()); diff != "" {
		t.Error(diff)
	}
	if h := d.Produced()[0].Headers; len(h) != 1 || string(h[0].Value) != "1" {
		t.Errorf("headers %v, want those of the update that was let go", h)
	}
}

// The old value of a change is what was let go before it, whatever came between; so a sum of what was let go is right.
func TestSuppressedOldValue(t *testing.T) {
	t.Parallel()
	b := topology.New("let")
	add := func(a, _, v string) string { return a + "+" + v }
	subtract := func(a, _, v string) string { return a + "-" + v }
	table.From(b, held, topology.As("rows")).SuppressUntilTimeLimit(5*time.Millisecond, topology.As("held")).
		GroupBy(func(_, v string) (string, string) { return "all", v }, topology.As("regrouped")).
		Aggregate(func() string { return "" }, add, subtract, topology.As("sum")).To(let)
	d := testkit.New(t, topology.Must(b.Build()))
	got := pipeAll(d, "a 1 0", "a 2 1", "a 3 5", "a 4 6", "a 5 7", "a - 10", "a 6 12", "b 1 20")
	want := []string{"", "", "all +3 5", "", "", "", "all +3-3+6 12", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Looked up, a row is what was let go of it.
func TestSuppressedLookUp(t *testing.T) {
	t.Parallel()
	b := topology.New("let")
	asked := topology.NewTopic[string, string]("asked")
	rows := table.From(b, held, topology.As("rows")).SuppressUntilTimeLimit(5*time.Millisecond, topology.As("held"))
	stream.From(b, asked).LeftJoinTable(rows, func(_, v string, ok bool) string { return fmt.Sprint(v, ok) }, topology.As("look-up")).To(let)
	d := testkit.New(t, topology.Must(b.Build()))
	ask := func(want string) {
		t.Helper()
		d.Input(asked).Pipe("a", "", 0)
		if got := d.Output(let).Values(); len(got) != 1 || got[0] != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	ask("false")
	d.Input(held).Pipe("a", "1", 0)
	ask("false")
	d.Input(held).Pipe("b", "1", 5)
	ask("1true")
	d.Input(held).Pipe("a", "2", 6)
	d.Input(held).PipeNull("a", 7)
	ask("1true")
	d.Input(held).Pipe("b", "2", 20)
	ask("false")
}

// counted are the counts of topic held by windows of 10 ms, with 5 ms of grace.
func counted(b *topology.Builder) *table.Table[window.Key[string], int64] {
	return stream.From(b, held).GroupByKey().WindowedBy(tens).Count(topology.As("counts"))
}

// A window gives one result, when stream time reaches its end and the grace has passed, wherever in the topology its table is.
func TestSuppressUntilWindowCloses(t *testing.T) {
	t.Parallel()
	type counts = table.Table[window.Key[string], int64]
	records := []string{"b x 1", "a x 2", "b x 3", "a x 14", "b x 5", "a x 15", "a x 9", "a x 40"}
	early := []string{"", "", "", "", "", "[a@0/10] 1 2, [b@0/10] 3 5", "", "[a@10/20] 2 15"}
	for name, tc := range map[string]struct {
		draw func(b *topology.Builder) *counts
		want []string
	}{
		"a count": {counted, early},
		"a filter and a mapping": {func(b *topology.Builder) *counts {
			return counted(b).Filter(func(k window.Key[string], _ int64) bool { return k.Key == "a" }).MapValues(func(n int64) int64 { return -n })
		}, []string{"", "", "", "", "", "[a@0/10] -1 2", "", "[a@10/20] -2 15"}},
		"a stream made a table again": {func(b *topology.Builder) *counts {
			return stream.Changes(counted(b)).ToTable(topology.As("again"))
		}, early},
		"re-keyed and back": {func(b *topology.Builder) *counts {
			return stream.Changes(counted(b)).SelectKey(func(k window.Key[string], _ int64) window.Key[string] { return k }).ToTable(topology.As("again"))
		}, early},
		"the longest grace of two tables": {func(b *topology.Builder) *counts {
			s := stream.From(b, held).GroupByKey()
			more := s.WindowedBy(window.Tumbling(10*time.Millisecond, 8*time.Millisecond)).Count(topology.As("longer"))
			counts := s.WindowedBy(tens).Count(topology.As("counts"))
			return counts.Join(more, func(n, _ int64) int64 { return n })
		}, []string{"", "", "", "", "", "", "", "[a@0/10] 1 9, [b@0/10] 3 5, [a@10/20] 2 15"}},
		"a row that is deleted when its window closes": {func(b *topology.Builder) *counts {
			return stream.From(b, held).GroupByKey().WindowedBy(tens).
				AggregateOrDelete(func() int64 { return 0 }, func(n int64, _, _ string) (int64, bool) { return n + 1, n < 2 }, topology.As("counts"))
		}, []string{"", "", "", "", "", "[a@0/10] 1 2", "", "[a@10/20] 2 15"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("let")
			stream.Changes(table.SuppressUntilWindowCloses(tc.draw(b), topology.As("held"))).
				Map(func(k window.Key[string], n int64) (string, string) { return k.String(), fmt.Sprint(n) }).To(let)
			d := testkit.New(t, topology.Must(b.Build()))
			if diff := cmp.Diff(tc.want, pipeAll(d, records...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A session waits for its gap too: until it is sure that nothing will lengthen it.
func TestSuppressUntilSessionCloses(t *testing.T) {
	t.Parallel()
	b := topology.New("let")
	sessions := stream.From(b, held).GroupByKey().WindowedBySession(window.Session(10*time.Millisecond, 5*time.Millisecond)).Count(topology.As("counts"))
	table.SuppressUntilWindowCloses(sessions, topology.As("held")).To(letGo)
	d := testkit.New(t, topology.Must(b.Build()))
	for _, at := range []int64{0, 10, 21, 14, 36} {
		d.Input(held).Pipe("a", "x", at)
	}
	d.Input(held).Pipe("b", "x", 99)
	var got []string
	for _, r := range d.Output(letGo).ReadAll() {
		got = append(got, r.String())
	}
	if diff := cmp.Diff([]string{"[a@0/21] -> 4 at 21", "[a@36/36] -> 1 at 36"}, got); diff != "" {
		t.Error(diff)
	}
}

// While no records come, the wall clock closes windows and ends waits; what comes back for a window that was closed so is late.
func TestSuppressWhenIdle(t *testing.T) {
	t.Parallel()
	idle := topology.CloseWhenIdle(100 * time.Millisecond)
	closing := topology.New("let")
	stream.Changes(table.SuppressUntilWindowCloses(counted(closing), topology.As("held"), idle)).
		Map(func(k window.Key[string], n int64) (string, string) { return k.String(), fmt.Sprint(n) }).To(let)
	for name, tc := range map[string]struct {
		b       *topology.Builder
		idle    []string
		then    []string // of a 25, a 131, b 200; stream time has moved to 130
		dropped int64
	}{
		"windows": {closing, []string{"[a@0/10] 1 1", "[a@20/30] 1 20"}, []string{"", "", "[a@130/140] 1 131"}, 1},
		"a limit": {letFor(30*time.Millisecond, idle), []string{"a 3 20"}, []string{"a x 25", "", "a x 131"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := testkit.New(t, topology.Must(tc.b.Build()))
			show := func() (out []string) {
				for _, r := range d.Output(let).ReadAll() {
					out = append(out, fmt.Sprint(r.Key, " ", r.Value, " ", r.Timestamp))
				}
				return out
			}
			pipeAll(d, "a 1 1", "a 3 20")
			d.Advance(90 * time.Millisecond)
			before := show()
			d.Advance(20 * time.Millisecond)
			if diff := cmp.Diff(tc.idle, append(before, show()...)); diff != "" {
				t.Errorf("when no records come: %s", diff)
			}
			if len(before) == len(tc.idle) {
				t.Errorf("all are let go too early")
			}
			if diff := cmp.Diff(tc.then, pipeAll(d, "a x 25", "a x 131", "b x 200")); diff != "" {
				t.Errorf("when they come again: %s", diff)
			}
			if d.Dropped() != tc.dropped {
				t.Errorf("%d dropped, want %d: %v", d.Dropped(), tc.dropped, d.Skips())
			}
		})
	}
}

// failing is a test that remembers why it failed.
type failing struct{ why string }

func (f *failing) Helper()                   {}
func (f *failing) Cleanup(func())            {}
func (f *failing) Errorf(s string, a ...any) { f.why = fmt.Sprintf(s, a...) }
func (f *failing) Fatalf(s string, a ...any) { f.Errorf(s, a...); panic(f) }

// failure is why piping "key value time" into a topology fails, "" if it does not.
func failure(b *topology.Builder, records ...string) (why string) {
	f := &failing{}
	defer func() {
		if p := recover(); p != nil && p != f {
			panic(p)
		}
		why = f.why
	}()
	pipeAll(testkit.New(f, topology.Must(b.Build()), testkit.SkipErrors(), testkit.Once()), records...)
	return ""
}

// A full buffer that must not let go early stops the task, whatever the error policy.
func TestFullBuffer(t *testing.T) {
	t.Parallel()
	closing := func(opts ...topology.Option) *topology.Builder {
		b := topology.New("let")
		table.SuppressUntilWindowCloses(counted(b), append(opts, topology.As("held"))...).To(letGo)
		return b
	}
	for name, tc := range map[string]struct {
		b    *topology.Builder
		want []string
	}{
		"records":           {letFor(time.Hour, topology.BufferRecords(1), topology.FailWhenFull()), []string{"held (suppress_test.go:", "2 changes of ", "may hold 1 changes", "topology.BufferRecords"}},
		"bytes":             {letFor(time.Hour, topology.BufferBytes(60), topology.FailWhenFull()), []string{"2 changes of 68 bytes", "may hold 60 bytes"}},
		"records and bytes": {letFor(time.Hour, topology.BufferRecords(1), topology.BufferBytes(60), topology.FailWhenFull()), []string{"may hold 1 changes and 60 bytes"}},
		"open windows":      {closing(topology.BufferRecords(1)), []string{"held (suppress_test.go:", "2 changes", "may hold 1 changes"}},
		"room enough":       {closing(topology.BufferRecords(2)), nil},
		"bytes of windows":  {closing(topology.BufferBytes(200)), nil},
	} {
		got := failure(tc.b, "a 1 0", "b 1 1")
		for _, w := range tc.want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: %q does not say %q", name, got, w)
			}
		}
		if tc.want == nil && got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// A change that fails after it was let go is what the error policy is asked about, and not the innocent record that let it go.
func TestSuppressedFailure(t *testing.T) {
	t.Parallel()
	b := topology.New("let")
	rows := table.From(b, held, topology.As("rows")).SuppressUntilTimeLimit(5*time.Millisecond, topology.As("held"))
	stream.Changes(rows).ProcessValues(func(_ context.Context, r stream.Record[string, string]) (string, error) {
		if r.Value == "bad" {
			return "", errors.New("no good")
		}
		return r.Value, nil
	}).To(let)
	d := testkit.New(t, topology.Must(b.Build()), testkit.SkipErrors())
	if diff := cmp.Diff([]string{"", "", "", "a 1 0, c 1 3", "", "d 1 9, b 2 10"}, pipeAll(d, "a 1 0", "b bad 2", "c 1 3", "d 1 9", "b 2 10", "e 1 30")); diff != "" {
		t.Error(diff)
	}
	if skips := d.Skips(); len(skips) != 1 || !strings.Contains(skips[0], "no good") || !strings.Contains(skips[0], "held back by held (suppress_test.go:") {
		t.Errorf("skipped: %q", skips)
	}
}

// What Build refuses, with the user's line and what to do.
func TestSuppressIsRefused(t *testing.T) {
	t.Parallel()
	from := func(b *topology.Builder) *table.Table[string, string] {
		return table.From(b, held, topology.As("rows"))
	}
	windowed := topology.NewTopic[window.Key[string], string]("windowed")
	for name, tc := range map[string]struct {
		draw func(b *topology.Builder)
		want []string
	}{
		"a negative limit":     {func(b *topology.Builder) { from(b).SuppressUntilTimeLimit(-time.Second, topology.As("held")) }, []string{"a limit of -1s: give whole milliseconds"}},
		"a fraction of a ms":   {func(b *topology.Builder) { from(b).SuppressUntilTimeLimit(time.Microsecond, topology.As("held")) }, []string{"a limit of 1µs"}},
		"no name":              {func(b *topology.Builder) { from(b).SuppressUntilTimeLimit[topology.Option](time.Second) }, []string{"creates a store and needs a name"}},
		"a name that is taken": {func(b *topology.Builder) { from(b).SuppressUntilTimeLimit(time.Second, topology.As("rows")) }, []string{`the name "rows" is taken`}},
		"negative bounds": {func(b *topology.Builder) {
			from(b).SuppressUntilTimeLimit(time.Second, topology.As("held"), topology.BufferRecords(-1), topology.BufferBytes(-2))
		}, []string{"a buffer of -1 records", "a buffer of -2 bytes"}},
		"nothing to be full": {func(b *topology.Builder) {
			from(b).SuppressUntilTimeLimit(time.Second, topology.As("held"), topology.FailWhenFull())
		}, []string{"a buffer without bounds is never full"}},
		"idle for a fraction": {func(b *topology.Builder) {
			from(b).SuppressUntilTimeLimit(time.Second, topology.As("held"), topology.CloseWhenIdle(time.Microsecond))
		}, []string{"CloseWhenIdle(1µs): give whole milliseconds"}},
		"a retention": {func(b *topology.Builder) {
			from(b).SuppressUntilTimeLimit(time.Second, topology.As("held"), topology.Retention(time.Hour))
		}, []string{"leave topology.Retention out"}},
		"windows of nobody": {func(b *topology.Builder) {
			table.SuppressUntilWindowCloses(table.From(b, windowed), topology.As("held"))
		}, []string{"nobody knows when the windows of this table close"}},
		"windows of nobody on one side": {func(b *topology.Builder) {
			theirs := table.From(b, windowed, topology.As("theirs"))
			table.SuppressUntilWindowCloses(counted(b).Join(theirs, func(n int64, _ string) int64 { return n }), topology.As("held"))
		}, []string{"not all of its rows come from a windowed aggregation"}},
	} {
		b := topology.New("let")
		tc.draw(b)
		_, err := b.Build()
		for _, w := range append(tc.want, "suppress_test.go:") {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v does not say %q", name, err, w)
			}
		}
	}
}
