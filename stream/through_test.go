package stream_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// A record keeps its time and its headers through every operator.
func TestTimeAndHeaders(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	other := topology.NewTopic[string, string]("other")
	type S = *stream.Stream[string, string]
	type T = *table.Table[string, string]
	pair := func(a, b string) string { return a + b }
	type with struct {
		name string
		draw func(s S, t T) S
	}
	cases := []with{
		{"JoinTable", func(s S, t T) S { return s.JoinTable(t, pair) }},
		{"LeftJoinTable", func(s S, t T) S { return s.LeftJoinTable(t, func(a, b string, _ bool) string { return a + b }) }},
		{"Count", func(s S, _ T) S { return stream.Changes(s.GroupByKey().Count(topology.As("n"))).MapValues(digits) }},
		{"Reduce", func(s S, _ T) S { return stream.Changes(s.GroupByKey().Reduce(pair, topology.As("n"))) }},
		{"GroupBy", func(s S, _ T) S {
			return stream.Changes(s.GroupBy(func(k, _ string) string { return k }).Reduce(pair, topology.As("n")))
		}},
		{"windowed Reduce", func(s S, _ T) S {
			return stream.Changes(s.GroupByKey().WindowedBy(day).Reduce(pair, topology.As("n"))).SelectKey(innerKey)
		}},
		{"table Filter", func(s S, _ T) S { return stream.Changes(s.ToTable().Filter(func(string, string) bool { return true })) }},
		{"table MapValues", func(s S, _ T) S { return stream.Changes(s.ToTable().MapValues(func(v string) string { return v })) }},
		{"table Join", func(s S, t T) S { return stream.Changes(s.ToTable(topology.As("n")).Join(t, pair)) }},
		{"table ForeignKeyJoin", func(s S, t T) S {
			return stream.Changes(s.ToTable().ForeignKeyJoin(t, func(string) string { return "k" }, pair, topology.As("fk")))
		}},
	}
	for _, o := range ops[string]() {
		cases = append(cases, with{o.name, func(s S, _ T) S { return o.draw(s, func(string) {}) }})
	}
	for _, o := range cases {
		b := topology.New("through")
		o.draw(stream.From(b, in), table.From(b, other)).To(text)
		d := testkit.New(t, build(t, b), testkit.Partitions(2))
		d.Input(other).Pipe("k", "", 7)
		headers := []stream.Header{{Key: "run", Value: []byte("42")}, {Key: "run"}}
		d.Input(in).PipeRecord(stream.Record[string, string]{Key: "k", Value: "v", Timestamp: 42, Headers: headers})
		got := d.Output(text).ReadAll()
		if len(got) != 1 {
			t.Errorf("%s: %d records, want 1", o.name, len(got))
			continue
		}
		if diff := cmp.Diff(headers, got[0].Headers); diff != "" || got[0].Timestamp != 42 {
			t.Errorf("%s: at %d, headers (-want +got):\n%s", o.name, got[0].Timestamp, diff)
		}
	}
}
