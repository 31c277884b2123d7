package graph

import "slices"

// KeepNullKeys notes that nodes make something of records whose key is null: left and outer joins of streams. The repartition topics
// on the way to them, which drop those records otherwise, keep them then (KIP-962).
func (g *Graph) KeepNullKeys(nodes ...*Node) {
	if g.nullKeys == nil {
		g.nullKeys = map[*Node]bool{}
	}
	for _, n := range nodes {
		g.nullKeys[n] = true
	}
}

// NullKeysWanted reports whether a node after the sink of a repartition topic, be it behind further ones, wants null keys.
func (g *Graph) NullKeysWanted(sink *Node) bool {
	seen := map[*Node]bool{}
	var wanted func(n *Node) bool
	wanted = func(n *Node) bool {
		if seen[n] {
			return false
		}
		seen[n] = true
		if g.nullKeys[n] {
			return true
		}
		next := n.Children
		if n.Kind == SinkNode && n.Topic.Role == Repartition {
			next = n.Topic.Readers
		}
		return slices.ContainsFunc(next, wanted)
	}
	return len(g.nullKeys) > 0 && wanted(sink)
}
