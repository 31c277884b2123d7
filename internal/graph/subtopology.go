package graph

import (
	"slices"
	"strings"
)

// Subtopology is a connected part of a graph: what one task runs. Internal topics lie between sub-topologies; nodes
// that share a store are in one.
type Subtopology struct {
	ID     int
	Nodes  []*Node // in the order of the user's calls
	Stores []*Store
}

// Sources are the topics that the sub-topology reads, in the order of its nodes.
func (s *Subtopology) Sources() []*Topic {
	var ts []*Topic
	for _, n := range s.Nodes {
		if n.Kind == SourceNode && !slices.Contains(ts, n.Topic) {
			ts = append(ts, n.Topic)
		}
	}
	return ts
}

// Tasks is how many tasks the sub-topology has: one per partition of the source topic that has most.
func (s *Subtopology) Tasks(counts map[*Topic]int32) int32 {
	var n int32
	for _, t := range s.Sources() {
		n = max(n, counts[t])
	}
	return n
}

// Key names what the sub-topology is by its sources, so that the name survives changes elsewhere in the topology.
func (s *Subtopology) Key() string {
	var names []string
	for _, t := range s.Sources() {
		names = append(names, t.FullName(""))
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

// Subtopologies splits the graph. They are numbered by their first node.
func (g *Graph) Subtopologies() []*Subtopology {
	root := make([]int, len(g.Nodes))
	for i := range root {
		root[i] = i
	}
	var find func(int) int
	find = func(i int) int {
		if root[i] != i {
			root[i] = find(root[i])
		}
		return root[i]
	}
	join := func(a, b *Node) {
		x, y := find(a.ID), find(b.ID)
		root[max(x, y)] = min(x, y)
	}
	for _, n := range g.Nodes {
		for _, p := range n.Parents {
			join(n, p)
		}
	}
	for _, s := range g.Stores {
		for _, n := range s.Nodes[min(1, len(s.Nodes)):] {
			join(s.Nodes[0], n)
		}
	}
	for _, t := range g.Topics { // one reader of a topic: its sources are in one task
		for _, n := range t.Readers[min(1, len(t.Readers)):] {
			join(t.Readers[0], n)
		}
	}
	byRoot := map[int]*Subtopology{}
	var subs []*Subtopology
	for _, n := range g.Nodes {
		r := find(n.ID)
		s := byRoot[r]
		if s == nil {
			s = &Subtopology{ID: len(subs)}
			byRoot[r], subs = s, append(subs, s)
		}
		s.Nodes = append(s.Nodes, n)
	}
	for _, st := range g.Stores {
		if len(st.Nodes) > 0 {
			s := byRoot[find(st.Nodes[0].ID)]
			s.Stores = append(s.Stores, st)
		}
	}
	return subs
}
