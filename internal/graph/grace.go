package graph

// WindowGrace is how long after their ends the windows in a node's keys are closed, in milliseconds of stream time: the
// longest of the windowed aggregations that they can come from. ok is false if a way leads to the node on which there is
// none. A session is closed only after its gap too.
func WindowGrace(n *Node) (ms int64, ok bool) {
	if n.grace != nil {
		return *n.grace, true
	}
	above := n.Parents
	if n.Kind == SourceNode && n.Topic.Role == Repartition {
		above = n.Topic.Writers
	}
	for _, p := range above {
		g, ok := WindowGrace(p)
		if !ok {
			return 0, false
		}
		ms = max(ms, g)
	}
	return ms, len(above) > 0
}
