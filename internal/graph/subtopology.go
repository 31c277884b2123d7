package graph

import (
	"errors"
	"fmt"
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

// Counts works out how many partitions each topic of the graph has. user tells it of user topics (an error for one that
// does not exist). Topics that are joined and differ are errors, all of them told at once, and so is an operator that was
// added after Build.
func (g *Graph) Counts(user func(topic string) (int32, error)) (map[*Topic]int32, error) {
	if err := g.Err(); err != nil {
		return nil, err
	}
	counts := map[*Topic]int32{}
	for _, t := range g.Topics {
		switch {
		case t.Role == UserTopic && !t.Dynamic:
			n, err := user(t.Name)
			if err != nil {
				return nil, err
			}
			counts[t] = n
		case t.Partitions > 0:
			counts[t] = t.Partitions
		}
	}
	subs := g.Subtopologies()
	groups := g.coPartitionedTopics()
	for range len(g.Topics) + 1 { // a repartition topic may depend on another
		for _, t := range g.Topics {
			if t.Role == Repartition && counts[t] == 0 || t.Role == Response && counts[t] == 0 {
				counts[t] = g.derive(t, subs, groups, counts)
			}
		}
	}
	for _, s := range subs {
		for _, st := range s.Stores {
			if !st.NoLog {
				counts[st.Changelog] = s.Tasks(counts)
			}
		}
	}
	for _, t := range g.Topics {
		if t.Role != UserTopic && counts[t] == 0 {
			return nil, fmt.Errorf("topology: the partition count of internal topic %q cannot be derived: nothing that has one feeds it", t.Name)
		}
	}
	return counts, g.unequal(counts, groups)
}

// unequal tells of the joins whose topics differ in their partitions, at the call that joins two of them where there is one.
func (g *Graph) unequal(counts map[*Topic]int32, groups [][]*Topic) error {
	var errs []error
	differ := func(at string, ts []*Topic) bool {
		for _, t := range ts[min(1, len(ts)):] {
			if counts[t] != counts[ts[0]] {
				errs = append(errs, fmt.Errorf("%s: topic %q has %d partitions and %q has %d, but they are joined here and need equally many: "+
					"recreate one of them, or send one side through Repartition with topology.Partitions", at, ts[0].Name, counts[ts[0]], t.Name, counts[t]))
				return true
			}
		}
		return false
	}
	for _, grp := range groups {
		direct, last := false, ""
		for _, cp := range g.CoPartitioned {
			ts := cp.topics()
			if len(ts) > 0 && slices.Contains(grp, ts[0]) {
				direct = differ(cp.At, ts) || direct
				last = cp.At
			}
		}
		if !direct {
			differ(last, grp)
		}
	}
	return errors.Join(errs...)
}

func (g *Graph) derive(t *Topic, subs []*Subtopology, groups [][]*Topic, counts map[*Topic]int32) int32 {
	if t.Like != nil {
		return counts[t.Like]
	}
	var n int32
	for _, grp := range groups { // peers that are fixed decide
		if slices.Contains(grp, t) {
			for _, p := range grp {
				if p.Role == UserTopic || p.Partitions > 0 {
					return counts[p]
				}
			}
		}
	}
	for _, w := range t.Writers {
		for _, s := range subs {
			if !slices.Contains(s.Nodes, w) {
				continue
			}
			for _, src := range s.Sources() {
				if src != t && counts[src] == 0 && src.Role != UserTopic {
					return 0 // wait for it
				}
				n = max(n, counts[src])
			}
		}
	}
	for _, grp := range groups {
		if slices.Contains(grp, t) {
			for _, p := range grp {
				n = max(n, counts[p])
			}
		}
	}
	return n
}

// coPartitionedTopics turns groups of nodes into groups of the source topics above them, overlapping ones united.
func (g *Graph) coPartitionedTopics() [][]*Topic {
	var groups [][]*Topic
	for _, cp := range g.CoPartitioned {
		ts := cp.topics()
		for i := 0; i < len(groups); i++ {
			if slices.ContainsFunc(groups[i], func(t *Topic) bool { return slices.Contains(ts, t) }) {
				for _, t := range groups[i] {
					if !slices.Contains(ts, t) {
						ts = append(ts, t)
					}
				}
				groups = slices.Delete(groups, i, i+1)
				i--
			}
		}
		if len(ts) > 1 {
			groups = append(groups, ts)
		}
	}
	return groups
}

func (cp CoPartition) topics() []*Topic {
	var ts []*Topic
	for _, n := range cp.Nodes {
		ts = appendSources(ts, n)
	}
	return ts
}

func appendSources(ts []*Topic, n *Node) []*Topic {
	if n.Kind == SourceNode && !slices.Contains(ts, n.Topic) {
		return append(ts, n.Topic)
	}
	for _, p := range n.Parents {
		ts = appendSources(ts, p)
	}
	return ts
}

// SourcesAbove are the topics that feed a node.
func SourcesAbove(n *Node) []*Topic { return appendSources(nil, n) }
