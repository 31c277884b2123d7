package testkit_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// Topics whose records meet by key must have equally many partitions, wherever they meet; what does not meet by key need not.
func TestCoPartitioned(t *testing.T) {
	t.Parallel()
	a, b := topology.NewTopic[string, string]("a"), topology.NewTopic[string, string]("b")
	type S = *stream.Stream[string, string]
	type builder = *topology.Builder
	pair := func(x, y string) string { return x + y }
	ends := func(_, v string) string { return v }
	fold := func(x, _, v string) string { return x + v }
	empty := func() string { return "" }
	rows := func(bl builder) *table.Table[string, string] { return table.From(bl, b) }
	const differ = `testkit: copartition_test.go:N: topic "a" has 3 partitions and "b" has 2, but they meet by key here and need equally many: ` +
		`recreate one of them, or send one side through Repartition with topology.Partitions`
	for _, tc := range []struct {
		name string
		draw func(bl builder, s S)
		want string
	}{
		{"JoinTable", func(bl builder, s S) { s.JoinTable(rows(bl), pair) }, differ},
		{"JoinTable of a stream with another key", func(bl builder, s S) { s.SelectKey(ends).JoinTable(rows(bl), pair, topology.As("j")) }, ""},
		{"tables joined", func(bl builder, s S) { s.ToTable(topology.As("t")).Join(rows(bl), pair) }, differ},
		{"foreign keys", func(bl builder, s S) {
			s.ToTable(topology.As("t")).ForeignKeyJoin(rows(bl), func(v string) string { return v }, pair, topology.As("fk"))
		}, ""},
		{"streams joined", func(bl builder, s S) {
			s.JoinStream(stream.From(bl, b), window.Joined(time.Second, window.NoGrace), pair, topology.As("j"))
		}, differ},
		{"merged, then counted", func(bl builder, s S) { s.Merge(stream.From(bl, b)).GroupByKey().Count(topology.As("n")) }, differ},
		{"merged, then in windows", func(bl builder, s S) {
			s.Merge(stream.From(bl, b)).GroupByKey().WindowedBy(window.Tumbling(time.Second, 0)).Count(topology.As("n"))
		}, differ},
		{"merged, then a table", func(bl builder, s S) { s.Merge(stream.From(bl, b)).ToTable(topology.As("t")) }, differ},
		{"merged, then partitioned anew", func(bl builder, s S) {
			s.Merge(stream.From(bl, b)).Repartition(topology.As("r")).GroupByKey().Count(topology.As("n"))
		}, ""},
		{"merged after one is partitioned anew", func(bl builder, s S) {
			s.Repartition(topology.As("r"), topology.Partitions(2)).Merge(stream.From(bl, b)).GroupByKey().Count(topology.As("n"))
		}, ""},
		{"merged, and nothing by key", func(bl builder, s S) { s.Merge(stream.From(bl, b)).Filter(func(_, v string) bool { return v != "" }) }, ""},
		{"assumed to be partitioned", func(bl builder, s S) {
			s.Merge(stream.From(bl, b)).SelectKey(ends).AssumePartitioned().GroupByKey().Count(topology.As("n"))
		}, differ},
		{"aggregated together", func(bl builder, s S) {
			s.GroupByKey().Cogroup(fold).And(stream.From(bl, b).GroupByKey(), fold).Aggregate(empty, topology.As("all"))
		}, differ},
		{"aggregated together, one by another key", func(bl builder, s S) {
			s.GroupBy(ends).Cogroup(fold).And(stream.From(bl, b).GroupByKey(), fold).Aggregate(empty, topology.As("all"))
		}, ""},
		{"a table's groups", func(bl builder, _ S) {
			rows(bl).GroupBy(func(k, v string) (string, string) { return v, k }).Count(topology.As("n")).
				Join(table.From(bl, topology.NewTopic[string, string]("c")), func(int64, string) string { return "" })
		}, ""},
		{"partitioned anew to another number", func(bl builder, s S) {
			s.Repartition(topology.As("r"), topology.Partitions(4)).JoinTable(rows(bl), pair)
		}, `testkit: copartition_test.go:N: topic "r" has 4 partitions and "b" has 2, but they meet by key here and need equally many: ` +
			`recreate one of them, or send one side through Repartition with topology.Partitions`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			bl := topology.New("co")
			tc.draw(bl, stream.From(bl, a))
			topo := build(t, bl)
			var counts []testkit.Option
			for topic, n := range map[string]int32{"a": 3, "b": 2, "c": 5} {
				if has(topo, topic) {
					counts = append(counts, testkit.TopicPartitions(topic, n))
				}
			}
			if diff := cmp.Diff(tc.want, fails(t, func(t testkit.TB) { testkit.New(t, topo, counts...) })); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// has reports whether a topology has a topic of the user's.
func has(topo *topology.Topology, name string) bool {
	for _, t := range topo.Graph().Topics {
		if t.Name == name {
			return true
		}
	}
	return false
}
