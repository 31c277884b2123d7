package topology

import (
	"fmt"
	"slices"
	"strings"

	"github.com/millrace-go/millrace/internal/graph"
)

// Describe prints the topology in the text format of Kafka Streams' TopologyDescription, which its tools read: each
// sub-topology with its sources, processors and sinks, what they feed (-->), what feeds them (<--), and their stores.
// Internal topics go without the application's prefix.
//
// Operators come in the order of the calls that made them, and those they feed in the order in which they see a record;
// Kafka Streams sorts both. The same topology gives the same text, whatever program it was built in.
func (t *Topology) Describe() string {
	var b strings.Builder
	b.WriteString("Topologies:\n ")
	subs := t.g.Subtopologies()
	for _, s := range subs {
		fmt.Fprintf(&b, "  Sub-topology: %d\n", s.ID)
		for _, n := range s.Nodes {
			describe(&b, n)
		}
		b.WriteByte('\n')
	}
	for i, x := range t.g.Globals {
		fmt.Fprintf(&b, "  Sub-topology: %d for global store (will not generate tasks)\n", len(subs)+i)
		fmt.Fprintf(&b, "    Source: %s.source (topics: [%s])\n      --> %s\n", x.Topic.Name, x.Topic.Name, x.Store.Name)
		fmt.Fprintf(&b, "    Processor: %s (stores: [%s])\n      --> none\n      <-- %s.source\n\n", x.Store.Name, x.Store.Name, x.Topic.Name)
	}
	return b.String()
}

func describe(b *strings.Builder, n *graph.Node) {
	switch n.Kind {
	case graph.SourceNode:
		fmt.Fprintf(b, "    Source: %s (topics: [%s])\n", n.Name, topicName(n.Topic))
	case graph.SinkNode:
		if n.Topic.Dynamic {
			fmt.Fprintf(b, "    Sink: %s (extractor class: %s)\n", n.Name, chosen)
		} else {
			fmt.Fprintf(b, "    Sink: %s (topic: %s)\n", n.Name, topicName(n.Topic))
		}
	case graph.ProcessorNode:
		fmt.Fprintf(b, "    Processor: %s (stores: [%s])\n", n.Name, strings.Join(storeNames(n), ", "))
	}
	if n.Kind != graph.SinkNode {
		fmt.Fprintf(b, "      --> %s\n", nodeNames(n.Children))
	}
	if n.Kind != graph.SourceNode {
		fmt.Fprintf(b, "      <-- %s\n", nodeNames(n.Parents))
	}
}

// chosen stands where Kafka Streams names the class that chooses a topic for each record.
const chosen = "stream.ToFunc"

// topicName is the topic's name, an internal one's without the application's.
func topicName(t *graph.Topic) string {
	if t.Role == graph.UserTopic {
		return t.Name
	}
	return strings.TrimPrefix(t.FullName(""), "-")
}

func storeNames(n *graph.Node) []string {
	var names []string
	for _, s := range n.Stores {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names
}

func nodeNames(nodes []*graph.Node) string {
	if len(nodes) == 0 {
		return "none"
	}
	var names []string
	for _, n := range nodes {
		names = append(names, n.Name)
	}
	return strings.Join(names, ", ")
}
