package graph_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/graph"
)

// Null keys are kept on the way to a node that wants them, through operators and further repartition topics, not on ways that only
// begin where its way does, nor through a topic of the user's.
func TestNullKeysWanted(t *testing.T) {
	t.Parallel()
	d := draw()
	in := d.source("in")
	first := d.through("first", 0, in)
	second := d.through("second", 0, d.process("map", first))
	side := d.through("side", 0, d.process("filter", first))
	d.to("mine", d.through("before", 0, in))
	d.KeepNullKeys(d.process("join", second), d.process("join", d.source("mine")))
	d.process("count", side)
	got := map[string]bool{}
	for _, n := range d.Nodes {
		if n.Kind == graph.SinkNode {
			got[n.Topic.Name] = d.NullKeysWanted(n)
		}
	}
	if diff := cmp.Diff(map[string]bool{"first": true, "second": true, "side": false, "before": false, "mine": false}, got); diff != "" {
		t.Error(diff)
	}
}
