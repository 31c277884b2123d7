package stream_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// A row that an aggregation deletes is forwarded as a null and starts anew with the next record. "!" deletes.
func TestDeletingAggregations(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	type G = *stream.Grouped[string, string]
	type S = *stream.Stream[string, string]
	start := func() string { return ">" }
	add := func(a, _, v string) (string, bool) { return a + v, v != "!" }
	merge := func(a, _, b string) string { return a + b }
	pointer := func(a *string, _, v string) *string {
		if v == "!" {
			return nil
		}
		if a == nil {
			return &v
		}
		sum := *a + v
		return &sum
	}
	none := func() *string { return nil }
	minute := window.Session(time.Minute, time.Hour)
	for _, tc := range []struct {
		name string
		draw func(g G) S
		want string
	}{
		{
			"AggregateOrDelete", func(g G) S { return stream.Changes(g.AggregateOrDelete(start, add, topology.As("n"))) },
			">a >ab null null >c >cd",
		},
		{"a nil from Aggregate", func(g G) S {
			return stream.Changes(g.Aggregate(none, pointer, topology.As("n"))).ProcessValues(deref)
		}, "a ab null null c cd"},
		{"windowed AggregateOrDelete", func(g G) S {
			return stream.Changes(g.WindowedBy(day).AggregateOrDelete(start, add, topology.As("n"))).ProcessValues(nullness).SelectKey(innerKey)
		}, ">a >ab null null >c >cd"},
		{"a nil from a windowed Aggregate", func(g G) S {
			return stream.Changes(g.WindowedBy(day).Aggregate(none, pointer, topology.As("n"))).ProcessValues(deref).SelectKey(innerKey)
		}, "a ab null null c cd"},
		{"session AggregateOrDelete", func(g G) S {
			return stream.Changes(g.WindowedBySession(minute).AggregateOrDelete(start, add, merge, topology.As("n"))).ProcessValues(nullness).SelectKey(innerKey)
		}, ">a >>ab null null >c >>cd"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("deletes")
			tc.draw(stream.From(b, in).GroupByKey()).ProcessValues(nullness).To(text)
			d := testkit.New(t, build(t, b))
			for _, v := range []string{"a", "b", "!", "!", "c", "d"} {
				d.Input(in).Pipe("k", v, 5)
			}
			if diff := cmp.Diff(tc.want, strings.Join(d.Output(text).Values(), " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Two aggregations of one grouped stream share its repartition topic, which the grouping may name.
func TestAggregationsShareARepartition(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	b := topology.New("shared")
	g := stream.From(b, in).GroupBy(func(_, v string) string { return v }, topology.As("by-value"))
	g.Count(topology.As("count"))
	g.WindowedBy(day).Count(topology.As("per-day"))
	g.WindowedBySession(night).Count(topology.As("per-night"))
	var repartitions []string
	for line := range strings.SplitSeq(build(t, b).Describe(), "\n") {
		if strings.Contains(line, "-repartition") && strings.Contains(line, "Sink") {
			repartitions = append(repartitions, line)
		}
	}
	if len(repartitions) != 1 || !strings.Contains(repartitions[0], "by-value") {
		t.Errorf("repartition topics: %q", repartitions)
	}
}

// Changes of a derived table say what its rows become: a row that falls out of a filter is deleted, and one that was never
// in it is not spoken of.
func TestChangesOfDerivedTables(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	b := topology.New("changes")
	rows := stream.From(b, in).ToTable(topology.As("rows"))
	stream.Changes(rows).ProcessValues(nullness).To(topic("all"))
	long := rows.Filter(func(_, v string) bool { return len(v) > 1 })
	stream.Changes(long).ProcessValues(nullness).To(topic("long"))
	stream.Changes(long.MapValues(strings.ToUpper)).ProcessValues(nullness).To(topic("upper"))
	d := testkit.New(t, build(t, b))
	for i, v := range []string{"a", "ab", "abc", "b", "", "bc"} {
		if v == "" {
			d.Input(in).PipeNull("k", int64(i))
			continue
		}
		d.Input(in).Pipe("k", v, int64(i))
	}
	got := map[string]string{}
	for _, p := range d.Produced() {
		got[p.Topic] += " " + string(p.Value)
	}
	want := map[string]string{"all": " a ab abc b null bc", "long": " ab abc null bc", "upper": " AB ABC null BC"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
