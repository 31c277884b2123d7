package operator

import (
	"github.com/millrace-go/millrace/internal/graph"
)

// Repartitioned sends a stream through an internal topic, so that records of one key are in one partition again. Null
// keys do not pass.
func Repartitioned[K, V any](c *Call, s graph.Stream[K, V], name string) graph.Stream[K, V] {
	ks, vs := Key(c, s.Key), Value(c, s.Value)
	t := c.G.Topic(name, graph.Repartition)
	if len(t.Writers) > 0 {
		c.Errorf("repartition topic %q is made at %s already: give this one another name", name, t.Writers[0].At)
		t = &graph.Topic{Name: name, Role: graph.Repartition}
	}
	if c.Partitions < 0 {
		c.Errorf("%d partitions: give a positive number, or none to have as many as the input", c.Partitions)
	}
	t.Partitions = max(0, c.Partitions)
	AddSink(c, "repartition-sink", s.Node, t, ks, vs, s.Value, true)
	n := AddSource(c, t, ks, vs)
	return graph.Stream[K, V]{G: s.G, Node: n, Key: ks, Value: vs}
}

// Through is Repartitioned where the key may have changed, and s itself where it has not. What was merged must be partitioned
// alike then.
func Through[K, V any](c *Call, s graph.Stream[K, V], name string) graph.Stream[K, V] {
	if !s.Rekeyed {
		if len(graph.SourcesAbove(s.Node)) > 1 {
			c.G.CoPartition(s.Node)
		}
		return s
	}
	return Repartitioned(c, s, c.G.NeedName(c.At, c.Op, name, "a repartition topic (the key has changed)"))
}
