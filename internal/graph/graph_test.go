package graph_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/graph"
)

func TestFullNames(t *testing.T) {
	t.Parallel()
	var got []string
	for _, role := range []graph.Role{graph.UserTopic, graph.Repartition, graph.Response, graph.Changelog} {
		got = append(got, (&graph.Topic{Name: "n", Role: role}).FullName("app"))
	}
	if diff := cmp.Diff([]string{"n", "app-n-repartition", "app-n", "app-n-changelog"}, got); diff != "" {
		t.Error(diff)
	}
}

// One name and role is one topic.
func TestTopicsAreShared(t *testing.T) {
	t.Parallel()
	g := graph.New("test")
	a := g.Topic("n", graph.UserTopic)
	if g.Topic("n", graph.UserTopic) != a || g.Topic("n", graph.Repartition) == a || len(g.Topics) != 2 {
		t.Errorf("topics: %v", g.Topics)
	}
}

// Nodes are named after their parents, so that an edit elsewhere renames none; a name of the user's is kept.
func TestNames(t *testing.T) {
	t.Parallel()
	d := draw()
	in := d.source("in")
	var got []string
	for _, n := range []*graph.Node{
		in, d.process("filter", in), d.process("filter", in), d.process("map", d.process("filter", in)),
		d.node(graph.Spec{Op: "map", Name: "mine", Kind: graph.ProcessorNode, Parents: []*graph.Node{in}}), d.process("alone"),
	} {
		got = append(got, n.Name)
	}
	want := []string{"in.source", "in.source.filter", "in.source.filter-2", "in.source.filter-3.map", "mine", "alone"}
	if diff := cmp.Diff(want, got); diff != "" || d.Err() != nil {
		t.Errorf("%v: %s", d.Err(), diff)
	}
	again := d.node(graph.Spec{Op: "peek", Name: "mine", Kind: graph.ProcessorNode, Parents: []*graph.Node{in}})
	if again.Name != "in.source.peek" || d.Err() == nil ||
		!strings.Contains(d.Err().Error(), `peek: the name "mine" is taken at subtopology_test.go:`) {
		t.Errorf("%s, %v", again.Name, d.Err())
	}
}

func TestNeedName(t *testing.T) {
	t.Parallel()
	g := graph.New("test")
	if got := g.NeedName("main.go:1", "count", "mine", "a store"); got != "mine" || g.Err() != nil {
		t.Errorf("%q, %v", got, g.Err())
	}
	g.GenerateNames = true
	names := []string{g.NeedName("main.go:1", "count", "", "a store"), g.NeedName("main.go:2", "count", "", "a store")}
	if diff := cmp.Diff([]string{"count-0001", "count-0002"}, names); diff != "" || g.Err() != nil {
		t.Errorf("%v: %s", g.Err(), diff)
	}
	g.GenerateNames = false
	g.NeedName("main.go:3", "count", "", "a store")
	want := `main.go:3: count: creates a store and needs a name that stays when the topology changes: add topology.As("...")`
	if diff := cmp.Diff(want, fmt.Sprint(g.Err())); diff != "" {
		t.Error(diff)
	}
}

// One mistake that is met twice is told once; all different ones are told.
func TestErrors(t *testing.T) {
	t.Parallel()
	g := graph.New("test")
	cause := errors.New("cause")
	g.Errorf("main.go:1", "filter: %w", cause)
	g.Errorf("main.go:1", "filter: %w", cause)
	g.Errorf("main.go:2", "filter: %w", cause)
	g.OnBuild(func() { g.Errorf("main.go:3", "late") })
	g.Finish()
	g.Finish()
	if got := fmt.Sprint(g.Err()); got != "main.go:1: filter: cause\nmain.go:2: filter: cause\nmain.go:3: late" || !errors.Is(g.Err(), cause) {
		t.Errorf("got %s", got)
	}
}

// The caller is the user's code, which a test of the builders is too.
func TestCaller(t *testing.T) {
	t.Parallel()
	_, file, line, _ := runtime.Caller(0)
	got := graph.Caller()
	if want := fmt.Sprintf("graph_test.go:%d", line+1); got != want || !strings.HasSuffix(file, "graph_test.go") {
		t.Errorf("%s, want %s", got, want)
	}
}

// After the drawing is finished a node is an error, and nothing that may run already is changed.
func TestAddAfterFinish(t *testing.T) {
	t.Parallel()
	d := draw()
	in := d.source("in")
	d.Finish()
	late := d.process("filter", in)
	d.AddStore(&graph.Store{Name: "late"}, "count")
	if len(in.Children) != 0 || len(d.Nodes) != 1 || len(d.Stores) != 0 || late == nil {
		t.Errorf("%d children, %d nodes, %d stores", len(in.Children), len(d.Nodes), len(d.Stores))
	}
	if got := place.ReplaceAllString(fmt.Sprint(d.Err()), "_test.go:N"); got != "subtopology_test.go:N: filter: used after Build: draw the whole topology first" {
		t.Error(got)
	}
}

func TestStores(t *testing.T) {
	t.Parallel()
	d := draw()
	n := d.process("count", d.source("in"))
	s := d.store("rows", n, n)
	if again := d.AddStore(s, "count"); again != s || len(d.Stores) != 1 || len(s.Nodes) != 1 || !slices.Equal(n.Stores, []*graph.Store{s}) {
		t.Errorf("%d stores, %d nodes", len(d.Stores), len(s.Nodes))
	}
	d.AddStore(&graph.Store{Name: "rows", At: "main.go:9"}, "reduce")
	other := draw()
	other.AddStore(s, "process")
	d.AddStore(&graph.Store{Name: "broken", Err: errors.New("main.go:7: no serde")}, "process")
	want := "main.go:9: reduce: the name \"rows\" is taken at subtopology_test.go:N: give one of them another, names of operators and stores are " +
		"unique in a topology\nmain.go:7: no serde"
	if diff := cmp.Diff(want, place.ReplaceAllString(fmt.Sprint(d.Err()), "_test.go:N")); diff != "" {
		t.Error(diff)
	}
	want = `subtopology_test.go:N: process: store "rows" is used in another topology, at subtopology_test.go:N: describe it once for each`
	if diff := cmp.Diff(want, place.ReplaceAllString(fmt.Sprint(other.Err()), "_test.go:N")); diff != "" {
		t.Error(diff)
	}
	s.Retention = time.Hour.Milliseconds()
	if got := s.ChangelogRetention(); got != 25*time.Hour {
		t.Errorf("the changelog keeps %v", got)
	}
}

// Asking for old values goes up through tables that derive theirs, once, and stops at one that has a store.
func TestRequireOld(t *testing.T) {
	t.Parallel()
	d := draw()
	asked, kept := 0, false
	in := d.source("in")
	tb := d.node(graph.Spec{Op: "table", Parents: []*graph.Node{in}, Kind: graph.ProcessorNode, OnOld: func() { asked++; kept = true }, Kept: func() bool { return kept }})
	mapped := d.node(graph.Spec{Op: "map", Parents: []*graph.Node{tb}, Kind: graph.ProcessorNode, OldFrom: []*graph.Node{tb}})
	filtered := d.node(graph.Spec{Op: "filter", Parents: []*graph.Node{mapped}, Kind: graph.ProcessorNode, OldFrom: []*graph.Node{mapped}})
	if filtered.Kept() || filtered.SendsOld() {
		t.Error("old values are there before anybody asked")
	}
	filtered.RequireOld()
	filtered.RequireOld()
	mapped.RequireOld()
	if asked != 1 || !filtered.Kept() || !tb.SendsOld() || !mapped.SendsOld() || in.SendsOld() {
		t.Errorf("asked %d times, kept %v", asked, filtered.Kept())
	}
}

// Children are called in the order of the user's calls; the first error ends the round.
func TestFan(t *testing.T) {
	t.Parallel()
	d := draw()
	n := d.source("in")
	var calls []int
	bad := errors.New("bad")
	child := func(i int, err error) func(*int) error {
		return func(*int) error { calls = append(calls, i); return err }
	}
	for _, tc := range []struct {
		children []any
		want     []int
		err      error
	}{
		{nil, nil, nil},
		{[]any{child(1, nil)}, []int{1}, nil},
		{[]any{child(1, nil), child(2, nil), child(3, nil)}, []int{1, 2, 3}, nil},
		{[]any{child(1, nil), child(2, bad), child(3, nil)}, []int{1, 2}, bad},
	} {
		calls = nil
		f, err := n.Compile(&graph.Context{}, tc.children)
		if err != nil {
			t.Fatal(err)
		}
		x := 0
		if err := f.(func(*int) error)(&x); !errors.Is(err, tc.err) {
			t.Errorf("%v, want %v", err, tc.err)
		}
		if diff := cmp.Diff(tc.want, calls); diff != "" {
			t.Error(diff)
		}
	}
	_, err := n.Compile(&graph.Context{}, []any{func(*string) error { return nil }})
	if err == nil || err.Error() != "graph: child 0 of in.source takes func(*string) error, not func(*int) error" {
		t.Errorf("a child of another type: %v", err)
	}
}
