package table_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// deleted is the value in step's stream that stands for a delete.
const deleted = "-"

// drive pipes values for one key into a table, "-" for a delete, and returns what comes out at each step.
func drive(t *testing.T, draw func(tb *table.Table[string, string]) *table.Table[string, string], values ...string) string {
	t.Helper()
	in, out := topology.NewTopic[string, string]("in"), topology.NewTopic[string, string]("out")
	b := topology.New("table")
	stream.Changes(draw(table.From(b, in))).ProcessValues(func(_ context.Context, r stream.Record[string, string]) (string, error) {
		if r.Null {
			return deleted, nil
		}
		return r.Value, nil
	}).To(out)
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	d := testkit.New(t, topo)
	var steps []string
	for i, v := range values {
		if v == deleted {
			d.Input(in).PipeNull("k", int64(i))
		} else {
			d.Input(in).Pipe("k", v, int64(i))
		}
		step := strings.Join(d.Output(out).Values(), "")
		if step == "" {
			step = "."
		}
		steps = append(steps, step)
	}
	return strings.Join(steps, " ")
}

// What a table forwards when rows come, change and go; "." is nothing.
func TestDerivedTables(t *testing.T) {
	t.Parallel()
	type T = *table.Table[string, string]
	long := func(_, v string) bool { return len(v) > 1 }
	for _, tc := range []struct {
		name string
		draw func(t T) T
		want string
	}{
		{"a table", func(t T) T { return t }, "- a aa aaa a - aa"},
		{"a filter cannot know what it showed without a store", func(t T) T { return t.Filter(long) }, "- - aa aaa - - aa"},
		{"a filter on a stored table does", func(t T) T { return t.MapValues(same, topology.As("rows")).Filter(long) }, ". . aa aaa - . aa"},
		{"a stored filter does", func(t T) T { return t.Filter(long, topology.As("rows")) }, "- - aa aaa - - aa"},
		{"filter not", func(t T) T { return t.FilterNot(long) }, "- a - - a - -"},
		{"a filter of a filter", func(t T) T {
			return t.MapValues(same, topology.As("rows")).Filter(long).FilterNot(func(_, v string) bool { return len(v) > 2 })
		}, ". . aa - . . aa"},
		{"map values", func(t T) T { return t.MapValues(strings.ToUpper) }, "- A AA AAA A - AA"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, drive(t, tc.draw, deleted, "a", "aa", "aaa", "a", deleted, "aa")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func same(v string) string { return v }

// Rows are kept where they are needed: a name, a look-up.
func TestMaterialisation(t *testing.T) {
	t.Parallel()
	in, other := topology.NewTopic[string, string]("in"), topology.NewTopic[string, string]("other")
	pairOf := func(a, b string) string { return a + b }
	for _, tc := range []struct {
		name string
		draw func(b *topology.Builder)
		want []string
	}{
		{"a table that nobody looks up", func(b *topology.Builder) { table.From(b, in).MapValues(same) }, nil},
		{"a name", func(b *topology.Builder) { table.From(b, in, topology.As("rows")) }, []string{"rows"}},
		{"a look-up", func(b *topology.Builder) { stream.From(b, other).JoinTable(table.From(b, in), pairOf) }, []string{"in"}},
		{"a look-up through a mapping", func(b *topology.Builder) { stream.From(b, other).JoinTable(table.From(b, in).MapValues(same), pairOf) }, []string{"in"}},
		{"a named mapping keeps itself", func(b *topology.Builder) { table.From(b, in).MapValues(same, topology.As("mapped")) }, []string{"mapped"}},
		{"a join keeps both sides", func(b *topology.Builder) { table.From(b, in).Join(table.From(b, other), pairOf) }, []string{"in", "other"}},
		{
			"a named join keeps its result too", func(b *topology.Builder) { table.From(b, in).Join(table.From(b, other), pairOf, topology.As("both")) },
			[]string{"in", "other", "both"},
		},
	} {
		b := topology.New("rows")
		tc.draw(b)
		topo, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range topo.Graph().Stores {
			got = append(got, s.Name)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

// A join follows both sides, in the order of their updates, with the later of the rows' times.
func TestJoin(t *testing.T) {
	t.Parallel()
	left, right, out := topology.NewTopic[string, string]("left"), topology.NewTopic[string, *string]("right"), topology.NewTopic[string, string]("out")
	b := topology.New("join")
	table.From(b, left).Join(table.From(b, right), func(l string, r *string) string { return l + *r }, topology.As("rows")).To(out)
	d := testkit.New(t, topology.Must(b.Build()), testkit.Partitions(2))
	v := "1"
	d.Input(left).Pipe("k", "a", 10)
	d.Input(right).Pipe("k", &v, 5)
	d.Input(left).Pipe("k", "b", 3)
	d.Input(right).PipeNull("k", 20)
	d.Input(left).Pipe("k", "c", 30)
	d.Input(left).PipeNull("k", 31)
	d.Input(right).Pipe("k", &v, 32)
	d.Input(left).PipeNullKey("x", 33)
	var got []string
	for _, r := range d.Output(out).ReadAll() {
		got = append(got, r.String())
	}
	if diff := cmp.Diff([]string{"k -> a1 at 10", "k -> b1 at 5", "k -> null at 20"}, got); diff != "" {
		t.Error(diff)
	}
	if n := len(d.Rows[string, string]("rows")); n != 0 || d.Dropped() != 1 {
		t.Errorf("%d rows, %d dropped, want none and the one without a key", n, d.Dropped())
	}
}

// A joiner or mapper that gives nil deletes the row.
func TestNilDeletes(t *testing.T) {
	t.Parallel()
	in, other, out := topology.NewTopic[string, string]("in"), topology.NewTopic[string, string]("other"), topology.NewTopic[string, *string]("out")
	long := func(v string) *string {
		if len(v) < 2 {
			return nil
		}
		return &v
	}
	for name, draw := range map[string]func(b *topology.Builder) *table.Table[string, *string]{
		"map values": func(b *topology.Builder) *table.Table[string, *string] {
			table.From(b, other)
			return table.From(b, in).MapValues(long, topology.As("rows"))
		},
		"join": func(b *topology.Builder) *table.Table[string, *string] {
			return table.From(b, in).Join(table.From(b, other), func(v, _ string) *string { return long(v) }, topology.As("rows"))
		},
	} {
		b := topology.New("nil")
		draw(b).To(out)
		d := testkit.New(t, topology.Must(b.Build()))
		d.Input(other).Pipe("k", "", 0)
		d.Input(in).Pipe("k", "aa", 1)
		d.Input(in).Pipe("k", "a", 2)
		if got := fmt.Sprint(d.Output(out).ReadAll()); got != "[k -> aa at 1 k -> null at 2]" {
			t.Errorf("%s: %s", name, got)
		}
		if n := len(d.Rows[string, *string]("rows")); n != 0 {
			t.Errorf("%s: %d rows are left", name, n)
		}
	}
}

// A table with rows in a store takes updates as they come, also with an older time; its look-ups show the latest update.
func TestUpdatesAreTakenAsTheyCome(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	b := topology.New("order")
	table.From(b, in, topology.As("rows"))
	d := testkit.New(t, topology.Must(b.Build()))
	d.Input(in).Pipe("k", "new", 20)
	d.Input(in).Pipe("k", "old", 10)
	if diff := cmp.Diff([]testkit.Row[string, string]{{Key: "k", Value: "old", Timestamp: 10}}, d.Rows[string, string]("rows")); diff != "" {
		t.Error(diff)
	}
}
