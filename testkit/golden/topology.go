package golden

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/topology"
)

// Topology compares a topology's description with a file, so that a change of operators, names, stores or internal topics is
// seen in a review. It is [topology.Topology.Describe], with sub-topologies named by the topics that they read instead of counted:
// an operator or a sub-topology more changes no line of the others.
func Topology(t *testing.T, path string, topo *topology.Topology) {
	t.Helper()
	got := Describe(topo)
	if f := flag.Lookup("rewrite"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatalf("golden: %v", err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("golden: %v: write it with -rewrite", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("golden: %s is not what the topology looks like; write it anew with -rewrite (-want +got):\n%s", path, diff)
	}
}

// Describe is the text that [Topology] compares.
func Describe(topo *topology.Topology) string {
	const head = "Sub-topology: "
	subs := topo.Graph().Subtopologies()
	var b strings.Builder
	for line := range strings.Lines(topo.Describe()) {
		if strings.HasPrefix(strings.TrimSpace(line), head) && len(subs) > 0 {
			var reads []string
			for t := range strings.SplitSeq(subs[0].Key(), ",") {
				reads = append(reads, strings.TrimPrefix(t, "-")) // an internal topic goes without the application's prefix
			}
			line = "   " + head + strings.Join(reads, ", ") + "\n"
			subs = subs[1:]
		}
		b.WriteString(line)
	}
	return b.String()
}
