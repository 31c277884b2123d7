package graph

import (
	"errors"
	"fmt"
	"slices"
)

// Counts works out how many partitions each topic of the graph has. user tells it of user topics (an error for one that
// does not exist). Topics that meet by key (in a join, or merged before an aggregation) and differ are errors, all of them told
// at once, and so is an operator that was added after Build.
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
	g.deriveAll(counts, subs, groups)
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

// unequal tells of the topics that meet by key and differ in their partitions, at the call where two of them meet if there is one.
func (g *Graph) unequal(counts map[*Topic]int32, groups [][]*Topic) error {
	var errs []error
	differ := func(at string, ts []*Topic) bool {
		for _, t := range ts[min(1, len(ts)):] {
			if counts[t] != counts[ts[0]] {
				errs = append(errs, apart(at, ts[0], t, counts[ts[0]], counts[t]))
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

func apart(at string, a, b *Topic, na, nb int32) error {
	return fmt.Errorf("%s: topic %q has %d partitions and %q has %d, but they meet by key here and need equally many: "+
		"recreate one of them, or send one side through Repartition with topology.Partitions", at, a.Name, na, b.Name, nb)
}

// unequalFixed notes the topics that meet by key and differ in the partitions that the topology itself gives them.
func (g *Graph) unequalFixed() {
	for _, cp := range g.CoPartitioned {
		var first *Topic
		for _, t := range cp.topics() {
			switch {
			case t.Partitions <= 0:
			case first == nil:
				first = t
			case t.Partitions != first.Partitions:
				g.note(apart(cp.At, first, t, first.Partitions, t.Partitions))
			}
		}
	}
}

// deriveAll works out the counts of repartition and response topics, which may depend on one another.
func (g *Graph) deriveAll(counts map[*Topic]int32, subs []*Subtopology, groups [][]*Topic) {
	for patient := true; ; {
		found := false
		for _, t := range g.Topics {
			if t.Role != Repartition && t.Role != Response || counts[t] > 0 {
				continue
			}
			if n := derive(t, subs, groups, counts, patient); n > 0 {
				counts[t], found, patient = n, true, true
			}
		}
		switch {
		case found:
		case patient: // what is joined waits for itself: each takes what it can know
			patient = false
		default:
			return
		}
	}
}

// derive is the count of a topic: its co-partitioned peers' if one of them is fixed, else the most of what feeds it and
// them. It is 0 while that is not known; one that is not patient does with what is known of its peers.
func derive(t *Topic, subs []*Subtopology, groups [][]*Topic, counts map[*Topic]int32, patient bool) int32 {
	if t.Like != nil {
		return counts[t.Like]
	}
	peers := []*Topic{t}
	for _, grp := range groups { // groups do not overlap
		if slices.Contains(grp, t) {
			peers = grp
		}
	}
	for _, p := range peers {
		if p.Role == UserTopic || p.Partitions > 0 {
			return counts[p]
		}
	}
	n := fed(t, subs, counts)
	if n == 0 {
		return 0
	}
	for _, p := range peers {
		if p.Like != nil {
			continue // it follows
		}
		m := max(counts[p], fed(p, subs, counts))
		if m == 0 && patient {
			return 0
		}
		n = max(n, m)
	}
	return n
}

// fed is the most partitions of the topics that feed t; 0 while one of them is not known.
func fed(t *Topic, subs []*Subtopology, counts map[*Topic]int32) int32 {
	var n int32
	for _, w := range t.Writers {
		for _, s := range subs {
			if !slices.Contains(s.Nodes, w) {
				continue
			}
			for _, src := range s.Sources() {
				if src != t && counts[src] == 0 && src.Role != UserTopic {
					return 0
				}
				n = max(n, counts[src])
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

func (cp CoPartition) topics() []*Topic { return SourcesAbove(cp.Nodes...) }

// SourcesAbove are the topics that feed nodes, each once.
func SourcesAbove(nodes ...*Node) []*Topic {
	var ts []*Topic
	seen := map[*Node]bool{} // what was split and merged again has many ways up
	var walk func(n *Node)
	walk = func(n *Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		if n.Kind == SourceNode && !slices.Contains(ts, n.Topic) {
			ts = append(ts, n.Topic)
			return
		}
		for _, p := range n.Parents {
			walk(p)
		}
	}
	for _, n := range nodes {
		walk(n)
	}
	return ts
}
