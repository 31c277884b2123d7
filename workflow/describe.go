package workflow

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/millrace-go/millrace/internal/mermaid"
)

// Describe prints the document for people, a node a line: its name, its type, what it works with and what feeds it.
func (d *Document) Describe() string {
	var b strings.Builder
	fmt.Fprintln(&b, d.Name)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, n := range d.Nodes {
		from := ""
		if len(n.Inputs) > 0 {
			from = "\t<-- " + strings.Join(n.Inputs, ", ")
		}
		fmt.Fprintf(w, "  %s\t%s\t%s%s\n", n.Name, n.Type, n.label(), from)
	}
	_ = w.Flush() // a Builder takes everything
	return b.String()
}

var shapes = map[Type]mermaid.Shape{
	TopicStream:     mermaid.Stadium,
	TopicTable:      mermaid.Cylinder,
	StreamOperation: mermaid.Box,
	ExternalTask:    mermaid.Hexagon,
	Publish:         mermaid.Stadium,
}

// Mermaid draws the document as a Mermaid flowchart: streams from and to topics as rounded boxes, tables as cylinders,
// operations as boxes, external tasks as hexagons.
func (d *Document) Mermaid() string {
	c := mermaid.New()
	for _, n := range d.Nodes {
		c.Node("node", n.Name, shapes[n.Type], n.Name, n.label())
	}
	for _, n := range d.Nodes {
		for _, from := range n.Inputs {
			c.Edge("node", from, "node", n.Name)
		}
	}
	return c.String()
}
