package pipeline

import (
	"testing"

	"github.com/millrace-go/millrace/testkit/golden"
)

// A change of the topology is a change of this file: names of stores and internal topics outlive a release.
func TestTopology(t *testing.T) {
	t.Parallel()
	topo, err := Build(NewTopics(""), Options{})
	if err != nil {
		t.Fatal(err)
	}
	golden.Topology(t, "testdata/topology.golden", topo)
}
