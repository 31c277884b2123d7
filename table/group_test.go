package table_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// initial groups a row by the first letter of its value.
func initial(_, v string) (string, string) { return v[:1], v }

func concat(so, _, v string) string { return so + "+" + v }

func take(so, _, v string) string { return so + "-" + v }

func nothing() string { return "" }

// build ends a test whose topology has a mistake.
func build(t *testing.T, b *topology.Builder) *topology.Topology {
	t.Helper()
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return topo
}

// What groups forward when rows come, move, change and go: one record where the row stays in its group, two where it moves, the
// old group's first.
func TestGroups(t *testing.T) {
	t.Parallel()
	type grouped = *table.Grouped[string, string]
	type changes = *stream.Stream[string, string]
	digits := func(n int64) string { return fmt.Sprint(n) }
	for _, tc := range []struct {
		name string
		draw func(g grouped) changes
		want []string // for the pipes below
	}{
		{"Count", func(g grouped) changes { return stream.Changes(g.Count(topology.As("n"))).MapValues(digits) }, []string{
			"a=1@0", "a=2@1", "a=2@2", "a=1@3 b=1@3", "a=0@3", "a=1@3",
		}},
		{"Reduce", func(g grouped) changes {
			return stream.Changes(g.Reduce(func(so, v string) string { return so + "+" + v }, func(so, v string) string { return so + "-" + v }, topology.As("n")))
		}, []string{
			"a=a1@0", "a=a1+a2@1", "a=a1+a2-a1+a3@2", "a=a1+a2-a1+a3-a2@3 b=b1@3", "a=a1+a2-a1+a3-a2-a3@3", "a=a1+a2-a1+a3-a2-a3+a4@3",
		}},
		{"Aggregate", func(g grouped) changes { return stream.Changes(g.Aggregate(nothing, concat, take, topology.As("n"))) }, []string{
			"a=+a1@0", "a=+a1+a2@1", "a=+a1+a2-a1+a3@2", "a=+a1+a2-a1+a3-a2@3 b=+b1@3", "a=+a1+a2-a1+a3-a2-a3@3", "a=+a1+a2-a1+a3-a2-a3+a4@3",
		}},
		{"AggregateOrDelete", func(g grouped) changes {
			full := func(so, k, v string) (string, bool) { return concat(so, k, v), v != "a3" }
			empty := func(so, k, v string) (string, bool) { return take(so, k, v), v != "a2" }
			return stream.Changes(g.AggregateOrDelete(nothing, full, empty, topology.As("n")))
		}, []string{
			"a=+a1@0", "a=+a1+a2@1", "a=null@2", "a=null@3 b=+b1@3", "a=null@1", "a=+a4@2",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			in, out := topology.NewTopic[string, string]("in"), topology.NewTopic[string, string]("out")
			b := topology.New("groups")
			tc.draw(table.From(b, in).GroupBy(initial, topology.As("by-initial"))).To(out)
			d := testkit.New(t, build(t, b), testkit.Partitions(3))
			var got []string
			pipe := func(k, v string, at int64) {
				if v == "" {
					d.Input(in).PipeNull(k, at)
				} else {
					d.Input(in).Pipe(k, v, at)
				}
				var step []string
				for _, r := range d.Output(out).ReadAll() {
					if r.Null {
						r.Value = "null"
					}
					step = append(step, fmt.Sprintf("%s=%s@%d", r.Key, r.Value, r.Timestamp))
				}
				got = append(got, strings.Join(step, " "))
			}
			pipe("x", "a1", 0)
			pipe("y", "a2", 1)
			pipe("x", "a3", 2)
			pipe("y", "b1", 3)
			pipe("x", "", 1) // late: the row's time does not go back
			pipe("z", "a4", 2)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if n := d.Dropped(); n != 0 {
				t.Errorf("%d dropped, want none", n)
			}
		})
	}
}

// A delete of a row that there is not tells no group of anything; headers are those of the record that changes the row.
func TestGroupsOfNothing(t *testing.T) {
	t.Parallel()
	in, out := topology.NewTopic[string, string]("in"), topology.NewTopic[string, int64]("out")
	b := topology.New("groups")
	stream.Changes(table.From(b, in).GroupBy(initial).Count(topology.As("n"))).To(out)
	d := testkit.New(t, build(t, b))
	d.Input(in).PipeNull("x", 0)
	d.Input(in).PipeNullKey("a1", 0)
	if got := d.Output(out).ReadAll(); len(got) > 0 || d.Dropped() != 1 {
		t.Errorf("%v and %d dropped, want nothing and 1 for the null key", got, d.Dropped())
	}
	headers := []stream.Header{{Key: "run", Value: []byte("42")}}
	d.Input(in).PipeRecord(stream.Record[string, string]{Key: "x", Value: "a1", Timestamp: 7, Headers: headers})
	if got := d.Output(out).Read(); !cmp.Equal(got.Headers, headers) || got.Timestamp != 7 || got.Value != 1 {
		t.Errorf("%v, want a count of 1 at 7 with the headers of the record", got)
	}
}

// A selected nil is no group and no value.
func TestGroupsOfNil(t *testing.T) {
	t.Parallel()
	in, out := topology.NewTopic[string, string]("in"), topology.NewTopic[[]byte, []byte]("out")
	b := topology.New("groups")
	join := func(so, _, v []byte) []byte { return append(append(so, '+'), v...) }
	part := func(so, _, v []byte) []byte { return append(append(so, '-'), v...) }
	stream.Changes(table.From(b, in).GroupBy(func(_, v string) ([]byte, []byte) {
		switch v[0] {
		case 'k':
			return nil, []byte(v)
		case 'v':
			return []byte("g"), nil
		default:
			return []byte("g"), []byte(v)
		}
	}).Aggregate(func() []byte { return []byte{} }, join, part, topology.As("n"))).To(out)
	d := testkit.New(t, build(t, b))
	var got []string
	for _, v := range []string{"a", "k", "b", "v", "k"} {
		d.Input(in).Pipe("x", v, 0)
		for _, r := range d.Output(out).ReadAll() {
			got = append(got, v+": "+string(r.Value))
		}
	}
	if diff := cmp.Diff([]string{"a: +a", "k: +a-a", "b: +a-a+b", "v: +a-a+b-b"}, got); diff != "" {
		t.Error(diff)
	}
}

// Two aggregations of one Grouped read one repartition topic, which has its name.
func TestGroupsShareATopic(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	b := topology.New("groups")
	g := table.From(b, in).GroupBy(initial, topology.As("by-initial"), topology.Partitions(7))
	g.Count(topology.As("n"))
	g.Aggregate(nothing, concat, take, topology.As("all"))
	topo := build(t, b)
	var between []string
	for _, tp := range topo.Graph().Topics {
		if tp.Role == graph.Repartition {
			between = append(between, fmt.Sprint(tp.Name, " ", tp.Partitions))
		}
	}
	if diff := cmp.Diff([]string{"by-initial 7"}, between); diff != "" {
		t.Errorf("repartition topics: %s", diff)
	}
	d := testkit.New(t, topo)
	d.Input(in).Pipe("x", "a1", 0)
	n, all := d.Rows[string, int64]("n"), d.Rows[string, string]("all")
	if len(n) != 1 || n[0].Value != 1 || len(all) != 1 || all[0].Value != "+a1" {
		t.Errorf("rows %v and %v, want one of each", n, all)
	}
}

func TestGroupMistakes(t *testing.T) {
	t.Parallel()
	type T = *table.Table[string, string]
	for _, tc := range []struct {
		name string
		draw func(t T)
		want string
	}{
		{"no selector", func(t T) {
			var f func(string, string) (string, string)
			t.GroupBy(f).Count(topology.As("n"))
		}, "table-group-by: the selector is nil: give a function"},
		{"no aggregation", func(t T) { t.GroupBy(initial) }, "table-group-by: nothing aggregates the groups: call Count, Reduce or Aggregate on them, or leave it out"},
		{"no name", func(t T) { t.GroupBy(initial).Count() }, "table-count: creates a store and needs a name"},
		{"no adder", func(t T) { t.GroupBy(initial).Reduce(nil, nil, topology.As("n")) }, "table-reduce: the adder is nil: give a function"},
		{"no subtractor", func(t T) { t.GroupBy(initial).Aggregate(nothing, concat, nil, topology.As("n")) }, "table-aggregate: the subtractor is nil: give a function"},
		{"no initialiser", func(t T) { t.GroupBy(initial).Aggregate(nil, concat, take, topology.As("n")) }, "table-aggregate: the initialiser is nil: give a function"},
		{"no serde of the key", func(t T) {
			t.GroupBy(func(string, string) (func(), string) { return nil, "" }).Count(topology.As("n"))
		}, "table-group-by: no key serde"},
		{"no serde of the value", func(t T) {
			t.GroupBy(func(string, string) (string, func()) { return "", nil }).Count(topology.As("n"))
		}, "table-group-by: no value serde"},
		{"no serde of the result", func(t T) {
			t.GroupBy(initial).Aggregate(func() func() { return nil }, func(func(), string, string) func() { return nil }, func(func(), string, string) func() { return nil }, topology.As("n"))
		}, "table-aggregate: no value serde"},
		{"a partitioner", func(t T) {
			t.GroupBy(initial, topology.PartitionBy(func(_, _ string, n int32) int32 { return 0 })).Count(topology.As("n"))
		}, "table-group-by: PartitionBy is not for groups"},
		{"two with one name", func(t T) {
			g := t.GroupBy(initial)
			g.Count(topology.As("n"))
			g.Count(topology.As("n"))
		}, `table-count: the name "n" is taken`},
	} {
		b := topology.New("groups")
		tc.draw(table.From(b, topology.NewTopic[string, string]("in")))
		if _, err := b.Build(); err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "group_test.go:") {
			t.Errorf("%s: error %v, want one at the call that says %s", tc.name, err, tc.want)
		}
	}
}
