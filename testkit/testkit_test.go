package testkit_test

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

func TestWordCount(t *testing.T) {
	t.Parallel()
	lines := topology.NewTopic[string, string]("lines")
	counts := topology.NewTopic[string, int64]("counts")
	b := topology.New("wc")
	words := stream.From(b, lines).FlatMapValues(strings.Fields)
	stream.Changes(words.GroupBy(func(_, w string) string { return w }, topology.As("by-word")).Count(topology.As("counts"))).To(counts)
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	d := testkit.New(t, topo, testkit.Partitions(3))
	d.Input(lines).Pipe("x", "to be or not to be", 5)
	got := map[string]int64{}
	for _, r := range d.Output(counts).ReadAll() {
		got[r.Key] = r.Value
	}
	if diff := cmp.Diff(map[string]int64{"to": 2, "be": 2, "or": 1, "not": 1}, got); diff != "" {
		t.Error(diff)
	}
	if n := len(d.Rows[string, int64]("counts")); n != 4 {
		t.Errorf("%d rows, want 4", n)
	}
}

func TestSessionMerge(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	out := topology.NewTopic[window.Key[string], string]("out")
	b := topology.New("s")
	cat := func(a, _, v string) string { return a + v }
	stream.Changes(stream.From(b, in).GroupByKey().WindowedBySession(window.Session(10*time.Millisecond, time.Second)).
		Aggregate(func() string { return "" }, cat, cat, topology.As("s"))).To(out)
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	d := testkit.New(t, topo)
	for _, at := range []int64{0, 20, 10} {
		d.Input(in).Pipe("k", "x", at)
	}
	var got []string
	for _, p := range d.Output(out).ReadAll() {
		got = append(got, p.Key.String()+"="+p.Value)
	}
	want := []string{"[k@0/0]=x", "[k@20/20]=x", "[k@0/0]=", "[k@20/20]=", "[k@0/20]=xxx"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
