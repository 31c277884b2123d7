// Package mermaid writes flowcharts in the language of Mermaid, which GitHub and most documentation tools draw.
//
// Identifiers are made of the names they stand for, not of their numbers, so that a change to one node of a drawing
// changes no other line of its text.
package mermaid

import (
	"fmt"
	"strings"
)

// Shape is how a node is drawn.
type Shape [2]string

// The shapes in use.
var (
	Box      = Shape{"[", "]"}
	Rounded  = Shape{"(", ")"}
	Stadium  = Shape{"([", "])"}
	Cylinder = Shape{"[(", ")]"}
	Hexagon  = Shape{"{{", "}}"}
)

// Chart is a flowchart from top to bottom. Text is in the order of the calls.
type Chart struct {
	b      strings.Builder
	indent string
	ids    map[string]string // by name, with its class
	taken  map[string]bool
}

// New returns an empty chart.
func New() *Chart {
	c := &Chart{indent: "    ", ids: map[string]string{}, taken: map[string]bool{}}
	c.b.WriteString("flowchart TD\n")
	return c
}

// Node draws a node with a label of one or more lines. A class and a name in it are one node, and each is drawn once.
func (c *Chart) Node(class, name string, shape Shape, label ...string) {
	for i := range label {
		label[i] = escape(label[i])
	}
	fmt.Fprintf(&c.b, "%s%s%s\"%s\"%s\n", c.indent, c.id(class, name), shape[0], strings.Join(label, "<br/>"), shape[1])
}

// Begin opens a frame around the nodes up to End.
func (c *Chart) Begin(class, name, label string) {
	fmt.Fprintf(&c.b, "%ssubgraph %s[\"%s\"]\n", c.indent, c.id(class, name), escape(label))
	c.indent += "    "
}

// End closes the frame.
func (c *Chart) End() {
	c.indent = c.indent[4:]
	c.b.WriteString(c.indent + "end\n")
}

// Edge draws an arrow between two nodes.
func (c *Chart) Edge(fromClass, from, toClass, to string) {
	c.edge(fromClass, from, "-->", toClass, to)
}

// Dotted draws a dotted line between two nodes, for what one uses.
func (c *Chart) Dotted(fromClass, from, toClass, to string) {
	c.edge(fromClass, from, "-.-", toClass, to)
}

func (c *Chart) edge(fromClass, from, arrow, toClass, to string) {
	fmt.Fprintf(&c.b, "%s%s %s %s\n", c.indent, c.id(fromClass, from), arrow, c.id(toClass, to))
}

func (c *Chart) String() string { return c.b.String() }

// id is letters, digits and underscores, after a class that keeps it from being one of Mermaid's words ("end").
func (c *Chart) id(class, name string) string {
	key := class + "\x00" + name
	if id := c.ids[key]; id != "" {
		return id
	}
	base := class + "_" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name)
	id := base
	for i := 2; c.taken[id]; i++ {
		id = fmt.Sprintf("%s__%d", base, i)
	}
	c.ids[key], c.taken[id] = id, true
	return id
}

// plain are the characters that mean nothing to Mermaid inside quotes.
const plain = " ._-/,:()[]+="

// escape writes what could end a label, or change how it is drawn, as an entity.
func escape(label string) string {
	var b strings.Builder
	for _, r := range label {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(plain, r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}
