package millrace_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

// A table's rows move between groups, over a repartition topic with a number of partitions of its own.
func TestTableGroups(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	id := newApp(t, cfg.Bootstrap)
	in, out := topics(t, cfg.Bootstrap, 3, 2)
	b := topology.New(id)
	counts := table.From(b, topology.NewTopic[string, string](in), topology.As("rows")).
		GroupBy(func(row, group string) (string, string) { return group, row }, topology.As("by-group"), topology.Partitions(4)).
		Count(topology.As("sizes"))
	stream.Changes(counts).To(topology.NewTopic[string, int64](out))
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}

	const n = 200
	want, updates := map[string]int64{"g5": 0, "g6": 0}, n // of 7 groups, two lose all their rows
	var first, second []brokertest.Record
	for i := range n {
		before, after := fmt.Sprint("g", i%7), fmt.Sprint("g", i%5)
		row := fmt.Appendf(nil, "row%d", i)
		first = append(first, brokertest.Record{Key: row, Value: []byte(before)})
		second = append(second, brokertest.Record{Key: row, Value: []byte(after)})
		want[after]++
		if updates++; before != after {
			updates++ // out of the one, into the other
		}
	}
	brokertest.Produce(t, cfg.Bootstrap, in, first...)
	brokertest.Produce(t, cfg.Bootstrap, in, second...)
	a := start(t, topo, cfg)
	brokertest.Consume(t, cfg.Bootstrap, out, updates, longest)
	if err := a.shutdown(); err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	all := brokertest.All(t, cfg.Bootstrap, out)
	for _, r := range all {
		got[string(r.Key)] = int64(binary.BigEndian.Uint64(r.Value))
	}
	if diff := cmp.Diff(want, got); diff != "" || len(all) != updates {
		t.Errorf("%d updates, want %d; rows by group (-want +got):\n%s", len(all), updates, diff)
	}
}

// Three topics go into one row for each key, one of them by another key, through a repartition topic that takes its number of
// partitions from the others.
func TestCogroup(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	id := newApp(t, cfg.Bootstrap)
	in1, out := topics(t, cfg.Bootstrap, 3, 2)
	in2, in3 := topics(t, cfg.Bootstrap, 3, 5)
	b := topology.New(id)
	from := func(name string) *stream.Stream[string, string] {
		return stream.From(b, topology.NewTopic[string, string](name))
	}
	add := func(weight int64) func(int64, string, string) int64 {
		return func(sum int64, _, _ string) int64 { return sum + weight }
	}
	sums := from(in1).GroupByKey().Cogroup(add(1)).
		And(from(in2).GroupByKey(), add(100)).
		And(from(in3).GroupBy(func(_, v string) string { return v }, topology.As("by-value")), add(10_000)).
		Aggregate(func() int64 { return 0 }, topology.As("sums"))
	stream.Changes(sums).To(topology.NewTopic[string, int64](out))
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}

	const n, keys = 150, 20
	want := map[string]int64{}
	records := map[string][]brokertest.Record{}
	for i := range n {
		key := fmt.Sprint("k", i%keys)
		records[in1] = append(records[in1], brokertest.Record{Key: []byte(key), Value: []byte("x")})
		records[in2] = append(records[in2], brokertest.Record{Key: []byte(key), Value: []byte("x")})
		records[in3] = append(records[in3], brokertest.Record{Key: fmt.Append(nil, i), Value: []byte(key)})
		want[key] += 10_101
	}
	for topic, rs := range records {
		brokertest.Produce(t, cfg.Bootstrap, topic, rs...)
	}
	a := start(t, topo, cfg)
	brokertest.Consume(t, cfg.Bootstrap, out, 3*n, longest)
	if err := a.shutdown(); err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, r := range brokertest.All(t, cfg.Bootstrap, out) {
		got[string(r.Key)] = int64(binary.BigEndian.Uint64(r.Value))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sums (-want +got):\n%s", diff)
	}
}

// Topics that are merged and counted without a repartition must have equally many partitions.
func TestMergedButNotCoPartitioned(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	left, right := topics(t, cfg.Bootstrap, 2, 3)
	b := topology.New(newApp(t, cfg.Bootstrap))
	stream.From(b, topology.NewTopic[string, string](left)).
		Merge(stream.From(b, topology.NewTopic[string, string](right))).
		GroupByKey().Count(topology.As("counts"))
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	refused(t, topo, cfg, left, right, "has 2 partitions", "has 3", "Repartition", "regroup_test.go:")
}
