package topology

import (
	"strconv"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/mermaid"
)

// Mermaid draws the topology as a Mermaid flowchart: a frame around each sub-topology, with operators as boxes and
// stores as cylinders, and the topics between the frames as rounded boxes. Changelogs are left out: each store has its
// own. Order is as in Describe, and identifiers are made of names, so that a change elsewhere changes no line.
func (t *Topology) Mermaid() string {
	c := mermaid.New()
	subs := t.g.Subtopologies()
	topics := map[[2]string]bool{}
	for _, s := range subs {
		for _, n := range s.Nodes {
			if n.Kind == graph.ProcessorNode {
				continue
			}
			if class, name := drawn(n.Topic); !topics[[2]string{class, name}] {
				topics[[2]string{class, name}] = true
				c.Node(class, name, mermaid.Stadium, name)
			}
		}
	}
	for _, x := range t.g.Globals {
		if class, name := drawn(x.Topic); !topics[[2]string{class, name}] {
			c.Node(class, name, mermaid.Stadium, name)
		}
	}
	for _, s := range subs {
		c.Begin("sub", s.Key(), "Sub-topology: "+strconv.Itoa(s.ID))
		for _, n := range s.Nodes {
			c.Node("op", n.Name, mermaid.Box, n.Name)
		}
		for _, st := range s.Stores {
			c.Node("store", st.Name, mermaid.Cylinder, st.Name)
		}
		for _, n := range s.Nodes {
			for _, child := range n.Children {
				c.Edge("op", n.Name, "op", child.Name)
			}
			for _, name := range storeNames(n) {
				c.Dotted("op", n.Name, "store", name)
			}
		}
		c.End()
	}
	for _, x := range t.g.Globals {
		class, name := drawn(x.Topic)
		c.Node("global", x.Store.Name, mermaid.Cylinder, x.Store.Name)
		c.Edge(class, name, "global", x.Store.Name)
		for _, n := range x.Readers {
			c.Dotted("op", n.Name, "global", x.Store.Name)
		}
	}
	for _, s := range subs {
		for _, n := range s.Nodes {
			switch n.Kind {
			case graph.SourceNode:
				class, name := drawn(n.Topic)
				c.Edge(class, name, "op", n.Name)
			case graph.SinkNode:
				class, name := drawn(n.Topic)
				c.Edge("op", n.Name, class, name)
			case graph.ProcessorNode:
			}
		}
	}
	return c.String()
}

// drawn is a topic's class and name in the drawing. An internal topic may share its short name with one of the user's.
func drawn(t *graph.Topic) (class, name string) {
	switch {
	case t.Dynamic:
		return "dynamic", "a topic chosen for each record"
	case t.Role == graph.UserTopic:
		return "topic", t.Name
	default:
		return "internal", topicName(t)
	}
}
