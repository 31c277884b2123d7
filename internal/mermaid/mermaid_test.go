package mermaid_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/mermaid"
)

func TestChart(t *testing.T) {
	t.Parallel()
	c := mermaid.New()
	c.Node("t", "in", mermaid.Stadium, "in")
	c.Begin("sub", "0", `a "b" #1 <é>`)
	c.Node("n", "end", mermaid.Box, "end")
	c.Node("n", "a-b", mermaid.Rounded, "a-b")
	c.Node("n", "a.b", mermaid.Hexagon, "a.b", "two")
	c.Node("s", "a.b", mermaid.Cylinder, "`a.b`\n")
	c.Edge("n", "end", "n", "a.b")
	c.End()
	c.Edge("t", "in", "n", "end")
	c.Dotted("n", "a-b", "s", "a.b")
	want := `flowchart TD
    t_in(["in"])
    subgraph sub_0["a #34;b#34; #35;1 #60;#233;#62;"]
        n_end["end"]
        n_a_b("a-b")
        n_a_b__2{{"a.b<br/>two"}}
        s_a_b[("#96;a.b#96;#10;")]
        n_end --> n_a_b__2
    end
    t_in --> n_end
    n_a_b -.- s_a_b
`
	if diff := cmp.Diff(want, c.String()); diff != "" {
		t.Errorf("chart (-want +got):\n%s", diff)
	}
}
