package graph_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/graph"
)

// counts gives topics the counts that the names of the user's end in.
func counts(d drawing) (map[string]int32, error) {
	all, err := d.Counts(func(topic string) (int32, error) {
		var n int32
		if _, err := fmt.Sscanf(topic[len(topic)-1:], "%d", &n); err != nil {
			return 0, errors.New("no such topic: " + topic)
		}
		return n, nil
	})
	byName := map[string]int32{}
	for t, n := range all {
		byName[t.FullName("")] = n
	}
	return byName, err
}

func TestCounts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		draw func(d drawing)
		want map[string]int32
	}{
		{"as many as the input", func(d drawing) { d.through("r", 0, d.source("in3")) }, map[string]int32{"in3": 3, "-r-repartition": 3}},
		{"as the user says", func(d drawing) { d.through("r", 7, d.source("in3")) }, map[string]int32{"in3": 3, "-r-repartition": 7}},
		{"the most of several inputs", func(d drawing) {
			d.through("r", 0, d.process("merge", d.source("a3"), d.source("b5")))
		}, map[string]int32{"a3": 3, "b5": 5, "-r-repartition": 5}},
		{"one after another", func(d drawing) {
			d.through("r2", 0, d.through("r1", 0, d.source("in4")))
		}, map[string]int32{"in4": 4, "-r1-repartition": 4, "-r2-repartition": 4}},
		{"one before another, in the order of the calls", func(d drawing) {
			second := d.Topic("r2", graph.Repartition) // its count depends on r1's, which is drawn later
			first := d.through("r1", 0, d.source("in4"))
			d.sink(second, first)
		}, map[string]int32{"in4": 4, "-r1-repartition": 4, "-r2-repartition": 4}},
		{"a table's topic decides for what is joined with it", func(d drawing) {
			d.CoPartition(d.through("r", 0, d.source("in3")), d.source("table6"))
		}, map[string]int32{"in3": 3, "table6": 6, "-r-repartition": 6}},
		{"two internal topics that are joined take the most", func(d drawing) {
			d.CoPartition(d.through("r1", 0, d.source("a3")), d.through("r2", 0, d.source("b6")))
		}, map[string]int32{"a3": 3, "b6": 6, "-r1-repartition": 6, "-r2-repartition": 6}},
		{"what is joined with what it feeds", func(d drawing) {
			r1 := d.through("r1", 0, d.source("a3"))
			d.CoPartition(r1, d.through("r2", 0, d.process("map", r1)))
		}, map[string]int32{"a3": 3, "-r1-repartition": 3, "-r2-repartition": 3}},
		{"a table's topic decides before what feeds is known", func(d drawing) {
			r := d.Topic("r", graph.Repartition) // its own output comes back to it
			d.sink(r, d.node(graph.Spec{Op: "source", Kind: graph.SourceNode, Topic: r}))
			d.CoPartition(r.Readers[0], d.source("table6"))
		}, map[string]int32{"table6": 6, "-r-repartition": 6}},
		{"groups that overlap are one", func(d drawing) {
			r := d.through("r", 0, d.source("a3"))
			q := d.through("q", 0, d.source("b3"))
			d.CoPartition(r, q)
			d.CoPartition(q, d.source("table6"))
		}, map[string]int32{"a3": 3, "b3": 3, "table6": 6, "-r-repartition": 6, "-q-repartition": 6}},
		{"a changelog has as many as its tasks", func(d drawing) {
			d.store("s", d.process("merge", d.source("a3"), d.source("b5")))
		}, map[string]int32{"a3": 3, "b5": 5, "-s-changelog": 5}},
		{"answers go to the tasks that asked", func(d drawing) {
			in := d.source("in3")
			answer := d.Topic("r-response", graph.Response)
			answer.Like = in.Topic
			d.sink(answer, d.source("other6"))
			d.node(graph.Spec{Op: "source", Kind: graph.SourceNode, Topic: answer})
		}, map[string]int32{"in3": 3, "other6": 6, "-r-response": 3}},
		{"a chosen topic has none", func(d drawing) {
			d.Topics = append(d.Topics, &graph.Topic{Dynamic: true})
			d.source("in2")
		}, map[string]int32{"in2": 2}},
	} {
		d := draw()
		tc.draw(d)
		got, err := counts(d)
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", tc.name, err, diff)
		}
	}
}

func TestCountsThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		draw func(d drawing)
		want string
	}{
		{"a topic that is not there", func(d drawing) { d.source("in") }, "no such topic: in"},
		{
			"joined topics that differ", func(d drawing) { d.CoPartition(d.source("a3"), d.source("b4")) },
			`counts_test.go:N: topic "a3" has 3 partitions and "b4" has 4, but they meet by key here and need equally many: ` +
				`recreate one of them, or send one side through Repartition with topology.Partitions`,
		},
		{
			"a repartition topic that the user fixed", func(d drawing) { d.CoPartition(d.through("r", 2, d.source("a3")), d.source("b4")) },
			`counts_test.go:N: topic "r" has 2 partitions and "b4" has 4, but they meet by key here and need equally many: ` +
				`recreate one of them, or send one side through Repartition with topology.Partitions`,
		},
		{"all of them at once", func(d drawing) {
			d.CoPartition(d.source("a3"), d.source("b4"))
			d.CoPartition(d.source("c5"), d.source("d6"))
		}, `counts_test.go:N: topic "a3" has 3 partitions and "b4" has 4, but they meet by key here and need equally many: ` +
			"recreate one of them, or send one side through Repartition with topology.Partitions\n" +
			`counts_test.go:N: topic "c5" has 5 partitions and "d6" has 6, but they meet by key here and need equally many: ` +
			"recreate one of them, or send one side through Repartition with topology.Partitions"},
		{"what is joined with what it feeds, and more than it", func(d drawing) {
			r1 := d.through("r1", 0, d.source("a3"))
			d.CoPartition(r1, d.through("r2", 0, d.process("merge", r1, d.source("b6"))))
		}, `counts_test.go:N: topic "r1" has 3 partitions and "r2" has 6, but they meet by key here and need equally many: ` +
			`recreate one of them, or send one side through Repartition with topology.Partitions`},
		{"an internal topic that nothing feeds", func(d drawing) {
			d.node(graph.Spec{Op: "source", Kind: graph.SourceNode, Topic: d.Topic("r", graph.Repartition)})
		}, `topology: the partition count of internal topic "r" cannot be derived: nothing that has one feeds it`},
		{"an error of the drawing", func(d drawing) { d.Errorf("main.go:1", "filter: no predicate") }, "main.go:1: filter: no predicate"},
	} {
		d := draw()
		tc.draw(d)
		_, err := counts(d)
		if diff := cmp.Diff(tc.want, place.ReplaceAllString(fmt.Sprint(err), "_test.go:N")); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}
