package stream_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// A null key finds no row, and a null value is nothing to join; both are dropped and counted, but a left join keeps what
// has a value.
func TestJoinTableOfNulls(t *testing.T) {
	t.Parallel()
	rows := topology.NewTopic[string, string]("rows")
	in := topology.NewTopic[string, *string]("in")
	type S = *stream.Stream[string, *string]
	type T = *table.Table[string, string]
	for _, tc := range []struct {
		name    string
		draw    func(s S, t T) *stream.Stream[string, string]
		want    string
		dropped int64
	}{
		{"JoinTable", func(s S, t T) *stream.Stream[string, string] {
			return s.JoinTable(t, func(v *string, row string) string { return *v + row })
		}, "k -> v1", 3},
		{"LeftJoinTable", func(s S, t T) *stream.Stream[string, string] {
			return s.LeftJoinTable(t, func(v *string, row string, ok bool) string {
				if !ok {
					return *v + "?" + row
				}
				return *v + row
			})
		}, "k -> v1, none -> v?, null -> v?", 2},
		{"a nil result", func(s S, t T) *stream.Stream[string, string] {
			return s.JoinTable(t, func(*string, string) *string { return nil }).ProcessValues(nullness)
		}, "k -> null", 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("join")
			tc.draw(stream.From(b, in), table.From(b, rows)).To(text)
			d := testkit.New(t, build(t, b))
			d.Input(rows).Pipe("k", "1", 0)
			d.Input(rows).Pipe("", "of the zero key", 0)
			v := "v"
			d.Input(in).Pipe("k", &v, 0)
			d.Input(in).Pipe("none", &v, 0)
			d.Input(in).PipeNull("k", 0)
			d.Input(in).PipeNullKey(&v, 0)
			d.Input(in).PipeRecord(stream.Record[string, *string]{NullKey: true, Null: true})
			var got []string
			for _, r := range d.Output(text).ReadAll() {
				got = append(got, strings.TrimSuffix(r.String(), " at 0"))
			}
			if diff := cmp.Diff(tc.want, strings.Join(got, ", ")); diff != "" || d.Dropped() != tc.dropped {
				t.Errorf("%d dropped, want %d: %s", d.Dropped(), tc.dropped, diff)
			}
		})
	}
}

// The row counts as it is when the record comes: not what it becomes, and not once it is deleted.
func TestJoinTableLooksOnce(t *testing.T) {
	t.Parallel()
	in, rows := topology.NewTopic[string, string]("in"), topology.NewTopic[string, string]("rows")
	b := topology.New("join")
	stream.From(b, in).
		SelectKey(func(_, v string) string { return v[:1] }).
		JoinTable(table.From(b, rows), func(v, row string) string { return v + row }, topology.As("by-first")).
		To(text)
	d := testkit.New(t, build(t, b), testkit.Partitions(3))
	d.Input(in).Pipe("x", "a1", 10)
	d.Input(rows).Pipe("a", "=1", 20)
	d.Input(in).Pipe("x", "a2", 5)
	d.Input(rows).Pipe("a", "=2", 30)
	d.Input(in).Pipe("y", "a3", 40)
	d.Input(rows).PipeNull("a", 50)
	d.Input(in).Pipe("y", "a4", 60)
	var got []string
	for _, r := range d.Output(text).ReadAll() {
		got = append(got, r.String())
	}
	if diff := cmp.Diff([]string{"a -> a2=1 at 5", "a -> a3=2 at 40"}, got); diff != "" {
		t.Error(diff)
	}
}
