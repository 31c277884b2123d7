package stream_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

var (
	names = topology.NewTopic[string, string]("names")
	sizes = topology.NewTopic[string, int64]("sizes")
	notes = topology.NewTopic[string, *string]("notes")
)

func withName(a, _, name string) string { return a + name }

func withSize(a, _ string, size int64) string { return fmt.Sprint(a, size) }

func withNote(a, _ string, note *string) string {
	if note == nil {
		return a + "nil"
	}
	return a + *note
}

func blank() string { return "" }

// merged takes an earlier session in.
func merged(a, _, b string) string { return a + b }

// Null keys are dropped and counted, and null values are where a plain aggregation does so, or where the input's type cannot be nil.
func TestCogroupNulls(t *testing.T) {
	t.Parallel()
	type cogrouped = *stream.Cogrouped[string, string]
	for _, tc := range []struct {
		name    string
		draw    func(x cogrouped) *stream.Stream[string, string]
		want    string // the last result
		dropped int64
	}{
		{"plain", func(x cogrouped) *stream.Stream[string, string] {
			return stream.Changes(x.Aggregate(blank, topology.As("all")))
		}, "ab7c", 5},
		{"windows", func(x cogrouped) *stream.Stream[string, string] {
			return stream.Changes(x.WindowedBy(day).Aggregate(blank, topology.As("all"))).SelectKey(innerKey)
		}, "ab7nilc", 4},
		{"sliding windows", func(x cogrouped) *stream.Stream[string, string] {
			return stream.Changes(x.WindowedBy(window.Sliding(time.Hour, 0)).Aggregate(blank, topology.As("all"))).SelectKey(innerKey)
		}, "ab7c", 5},
		{"sessions", func(x cogrouped) *stream.Stream[string, string] {
			return stream.Changes(x.WindowedBySession(night).Aggregate(blank, merged, topology.As("all"))).SelectKey(innerKey)
		}, "ab7nilc", 4},
	} {
		b := topology.New("cogroup")
		x := stream.From(b, names).GroupByKey().Cogroup(withName).
			And(stream.From(b, sizes).GroupByKey(), withSize).
			And(stream.From(b, notes).GroupByKey(), withNote)
		tc.draw(x).To(text)
		d := testkit.New(t, build(t, b), testkit.Partitions(3))
		c := "c"
		d.Input(names).Pipe("k", "a", 0)
		d.Input(names).Pipe("k", "b", 0)
		d.Input(names).PipeNull("k", 0)
		d.Input(names).PipeNullKey("x", 0)
		d.Input(sizes).Pipe("k", 7, 0)
		d.Input(sizes).PipeNull("k", 0)
		d.Input(sizes).PipeNullKey(7, 0)
		d.Input(notes).PipeNull("k", 0)
		d.Input(notes).Pipe("k", &c, 0)
		last := ""
		for _, r := range d.Output(text).ReadAll() {
			if !r.Null {
				last = r.Value
			}
		}
		if last != tc.want || d.Dropped() != tc.dropped {
			t.Errorf("%s: %q and %d dropped (%s), want %q and %d", tc.name, last, d.Dropped(), strings.Join(d.Skips(), "; "), tc.want, tc.dropped)
		}
	}
}

// Each input has its own idea of how late it is, but the windows are shared.
func TestCogroupLate(t *testing.T) {
	t.Parallel()
	b := topology.New("cogroup")
	w := window.Tumbling(10*time.Millisecond, 20*time.Millisecond)
	all := stream.From(b, names).GroupByKey().Cogroup(withName).
		And(stream.From(b, sizes).GroupByKey(), withSize).
		WindowedBy(w).Aggregate(blank, topology.As("all"), topology.Retention(time.Hour))
	stream.Changes(all).To(byWindow)
	d := testkit.New(t, build(t, b))
	d.Input(names).Pipe("k", "a", 5)
	d.Input(names).Pipe("k", "b", 40) // closes [0, 10) for the names
	d.Input(names).Pipe("k", "c", 5)
	d.Input(sizes).Pipe("k", 7, 5)
	if diff := cmp.Diff([]string{"a", "b", "a7"}, d.Output(byWindow).Values()); diff != "" || d.Dropped() != 1 {
		t.Errorf("%d dropped, want 1; %s", d.Dropped(), diff)
	}
}

// The start of an aggregate may be that of several, one stream may be in it twice, and an accumulator may be changed in place while a
// child looks at old values.
func TestCogroupSharing(t *testing.T) {
	t.Parallel()
	type list struct{ All []string }
	in, out := topology.NewTopic[string, string]("in"), topology.NewTopic[string, int64]("out")
	b := topology.New("cogroup")
	g := stream.From(b, names).GroupByKey()
	push := func(mark string) func(*list, string, string) *list {
		return func(l *list, _, v string) *list {
			l.All = append(l.All, mark+v)
			return l
		}
	}
	start := g.Cogroup(push("1"))
	init := func() *list { return &list{} }
	one := start.And(stream.From(b, in).GroupByKey(), push("2")).Aggregate(init, topology.As("one"))
	start.And(g, push("3")).Aggregate(init, topology.As("two"), topology.EmitOnCommit())
	one.GroupBy(func(_ string, l *list) (string, int64) { return "all", int64(len(l.All)) }, topology.As("lengths")).
		Reduce(func(a, v int64) int64 { return a + v }, func(a, v int64) int64 { return a - v }, topology.As("sum")).To(out)
	d := testkit.New(t, build(t, b))
	d.Input(names).Pipe("k", "a", 0)
	d.Input(in).Pipe("k", "b", 1)
	d.Input(names).Pipe("l", "c", 2)
	rows := func(store string) (all []string) {
		for _, r := range d.Rows[string, *list](store) {
			all = append(all, r.Key+":"+strings.Join(r.Value.All, " "))
		}
		return all
	}
	if diff := cmp.Diff([]string{"k:1a 2b", "l:1c"}, rows("one")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"k:1a 3a", "l:1c 3c"}, rows("two")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int64{1, 2, 3}, d.Output(out).Values()); diff != "" {
		t.Errorf("sums of lengths (-want +got):\n%s", diff)
	}
}

// With EmitOnCommit one change of a row goes out for what all inputs did to it, with the last record's headers.
func TestCogroupEmitOnCommit(t *testing.T) {
	t.Parallel()
	type cogrouped = *stream.Cogrouped[string, string]
	later := []topology.Option{topology.As("all"), topology.EmitOnCommit()}
	for name, draw := range map[string]func(x cogrouped) *stream.Stream[string, string]{
		"plain": func(x cogrouped) *stream.Stream[string, string] { return stream.Changes(x.Aggregate(blank, later...)) },
		"windows": func(x cogrouped) *stream.Stream[string, string] {
			return stream.Changes(x.WindowedBy(day).Aggregate(blank, later...)).SelectKey(innerKey)
		},
		"sessions": func(x cogrouped) *stream.Stream[string, string] {
			return stream.Changes(x.WindowedBySession(night).Aggregate(blank, merged, later...)).SelectKey(innerKey)
		},
	} {
		b := topology.New("cogroup")
		draw(stream.From(b, names).GroupByKey().Cogroup(withName).And(stream.From(b, sizes).GroupByKey(), withSize)).To(text)
		d := testkit.New(t, build(t, b), testkit.CommitEvery(100))
		d.Input(names).Pipe("k", "a", 0)
		d.Input(names).Pipe("l", "x", 0)
		d.Input(sizes).PipeRecord(stream.Record[string, int64]{Key: "k", Value: 7, Headers: []stream.Header{{Key: "run", Value: []byte("42")}}})
		if got := d.Output(text).ReadAll(); len(got) > 0 {
			t.Errorf("%s: %v before the commit", name, got)
		}
		d.Commit()
		var got []string
		for _, r := range d.Output(text).ReadAll() {
			got = append(got, r.String())
		}
		if diff := cmp.Diff([]string{"l -> x at 0", "k -> a7 at 0 run=42"}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The nodes of an aggregate keep their names, and with them what they remember, whatever else is drawn on its inputs.
func TestCogroupNames(t *testing.T) {
	t.Parallel()
	drawn := func(before bool) string {
		b := topology.New("cogroup")
		g, h := stream.From(b, names).GroupByKey(), stream.From(b, sizes).GroupByKey()
		if before {
			g.Cogroup(withName).And(h, withSize).Aggregate(blank, topology.As("other"))
		}
		g.Cogroup(withName).And(h, withSize).WindowedBy(day).Aggregate(blank, topology.As("all"))
		return build(t, b).Describe()
	}
	with := drawn(true)
	for line := range strings.SplitSeq(drawn(false), "\n") {
		if name, _, found := strings.Cut(strings.TrimSpace(line), " (stores: [all])"); found && !strings.Contains(with, name+" (stores: [all])") {
			t.Errorf("%s has another name beside another aggregate:\n%s", name, with)
		}
	}
}

// funcSerde is a serde that Go cannot compare with another.
type funcSerde struct {
	serde.Serde[string]
	_ func()
}

// Whether two such serdes are one is not known: they pass.
func TestCogroupOfSerdesThatCannotBeCompared(t *testing.T) {
	t.Parallel()
	b := topology.New("cogroup")
	x := topology.Topic[string, string]{Name: "x", Key: funcSerde{Serde: serde.String()}}
	y := topology.Topic[string, string]{Name: "y", Key: funcSerde{Serde: serde.String()}}
	all := stream.From(b, x).GroupByKey().Cogroup(withName).And(stream.From(b, y).GroupByKey(), withName).Aggregate(blank, topology.As("all"))
	stream.Changes(all).To(text)
	d := testkit.New(t, build(t, b), testkit.Partitions(3))
	d.Input(x).Pipe("k", "a", 0)
	d.Input(y).Pipe("k", "b", 0)
	if diff := cmp.Diff([]string{"a", "ab"}, d.Output(text).Values()); diff != "" {
		t.Error(diff)
	}
}

func TestCogroupMistakes(t *testing.T) {
	t.Parallel()
	type S = *stream.Stream[string, string]
	rekeyed := func(_, v string) string { return v }
	for _, tc := range []struct {
		name string
		draw func(b *topology.Builder, s S)
		want string
	}{
		{"no adder", func(_ *topology.Builder, s S) {
			var add func(string, string, string) string
			s.GroupByKey().Cogroup(add).Aggregate(blank, topology.As("all"))
		}, "cogroup: the adder is nil: give a function"},
		{"no group", func(_ *topology.Builder, s S) {
			var g *stream.Grouped[string, string]
			s.GroupByKey().Cogroup(withName).And(g, withName).Aggregate(blank, topology.As("all"))
		}, "and: the grouped stream is nil: give one of this Builder"},
		{"a group of another topology", func(_ *topology.Builder, s S) {
			s.GroupByKey().Cogroup(withName).And(stream.From(topology.New("other"), names).GroupByKey(), withName).Aggregate(blank, topology.As("all"))
		}, "and: the grouped stream is of another topology"},
		{"no initialiser", func(_ *topology.Builder, s S) {
			s.GroupByKey().Cogroup(withName).Aggregate(nil, topology.As("all"))
		}, "cogroup-aggregate: the initialiser is nil: give a function"},
		{"no name", func(_ *topology.Builder, s S) { s.GroupByKey().Cogroup(withName).Aggregate(blank) }, "cogroup-aggregate: creates a store and needs a name"},
		{"no aggregate", func(_ *topology.Builder, s S) { s.GroupByKey().Cogroup(withName) }, "group-by-key: nothing aggregates the groups"},
		{"no serde of the aggregate", func(_ *topology.Builder, s S) {
			s.GroupByKey().Cogroup(func(f func(), _, _ string) func() { return f }).Aggregate(func() func() { return nil }, topology.As("all"))
		}, "cogroup-aggregate: no value serde"},
		{"a window that makes no sense", func(_ *topology.Builder, s S) {
			s.GroupByKey().Cogroup(withName).WindowedBy(window.Tumbling(-time.Second, 0)).Aggregate(blank, topology.As("all"))
		}, "windowed-by: "},
		{"a session that makes no sense", func(_ *topology.Builder, s S) {
			s.GroupByKey().Cogroup(withName).WindowedBySession(window.Session(-time.Second, 0)).Aggregate(blank, merged, topology.As("all"))
		}, "windowed-by-session: "},
		{"no merger", func(_ *topology.Builder, s S) {
			s.GroupByKey().Cogroup(withName).WindowedBySession(night).Aggregate(blank, nil, topology.As("all"))
		}, "session-cogroup-aggregate: the merger is nil: give a function"},
		{"two repartition topics without a name", func(b *topology.Builder, s S) {
			s.GroupBy(rekeyed).Cogroup(withName).And(stream.From(b, sizes).GroupBy(func(k string, _ int64) string { return k }), withSize).
				Aggregate(blank, topology.As("all"))
		}, `repartition topic "all" is made at cogroup_test.go:`},
		{"keys in two serdes", func(b *topology.Builder, s S) {
			other := topology.Topic[string, int64]{Name: "sizes", Key: serde.JSON[string]()}
			s.GroupByKey().Cogroup(withName).And(stream.From(b, other).GroupByKey(), withSize).Aggregate(blank, topology.As("all"))
		}, "cogroup-aggregate: the keys of input 2 are encoded by a "},
		{"windows that are to be told of when they close", func(b *topology.Builder, s S) {
			s.GroupByKey().Cogroup(withName).And(stream.From(b, sizes).GroupByKey(), withSize).WindowedBy(day).
				Aggregate(blank, topology.As("all"), topology.EmitOnWindowClose())
		}, "windows of several streams close at no one time"},
	} {
		b := topology.New("cogroup")
		tc.draw(b, stream.From(b, topology.NewTopic[string, string]("in")))
		_, err := b.Build()
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "cogroup_test.go:") {
			t.Errorf("%s: error %v, want one at the call that says %s", tc.name, err, tc.want)
		}
	}
}
