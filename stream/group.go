package stream

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// Grouped is a stream whose records of one key are together, ready to be aggregated. Where the key has changed, the first
// aggregation sends the stream through a repartition topic, which later aggregations of the same Grouped share.
type Grouped[K, V any] struct {
	s    graph.Stream[K, V]
	c    *operator.Call
	done bool
}

// GroupByKey groups by the key as it is.
//
// Cost: a repartition if the key may have changed since the last one (after Map, SelectKey, FlatMap, Process). Its
// topic is named by topology.As here, or else after the aggregation. Nulls and time: what the aggregation does with
// them. A Grouped that nothing aggregates is an error of Build. Kafka Streams: KStream.groupByKey.
func (s *Stream[K, V]) GroupByKey[O topology.Opt](opts ...O) *Grouped[K, V] {
	return group(s.call("group-by-key", topology.Options(opts)), s.s)
}

// GroupBy groups by another key.
//
// Cost: a repartition; its topic is named by topology.As here, or else after the aggregation. Nulls: f sees a null
// value as nil; where V cannot be nil, null values are dropped without a call. Records whose new key is null do not
// pass. Time and headers stay. Kafka Streams: KStream.groupBy.
func (s *Stream[K, V]) GroupBy[K2 any](f func(K, V) K2, opts ...topology.Option) *Grouped[K2, V] {
	c := s.call("group-by", opts)
	c.Check(f == nil, "key selector")
	rekeyed := selectKey(s, s.call("select-key", nil), f)
	return group(c, rekeyed.s)
}

func group[K, V any](c *operator.Call, s graph.Stream[K, V]) *Grouped[K, V] {
	g := &Grouped[K, V]{s: s, c: c}
	c.G.OnBuild(func() {
		if !g.done {
			c.Errorf("nothing aggregates the groups: call Count, Reduce or Aggregate on them, or leave it out")
		}
	})
	return g
}

// partitioned is the stream as an aggregation named name reads it.
func (g *Grouped[K, V]) partitioned(name string) graph.Stream[K, V] {
	if !g.done {
		g.done = true
		if g.c.Name != "" {
			name = g.c.Name
		}
		g.s = operator.Through(g.c, g.s, name)
		g.s.Key = operator.Key(g.c, g.s.Key)
	}
	return g.s
}

// TimeWindowed is a grouped stream cut into time windows: tumbling, hopping, sliding or unlimited.
type TimeWindowed[K, V any] struct {
	g *Grouped[K, V]
	w window.TimeWindow
}

// WindowedBy cuts the groups into windows ([window.Tumbling], [window.Hopping], [window.Sliding], [window.Unlimited]): a record
// falls into each window that holds its timestamp. Kafka Streams: KGroupedStream.windowedBy with TimeWindows, SlidingWindows
// (KIP-450) and UnlimitedWindows.
func (g *Grouped[K, V]) WindowedBy(w window.TimeWindow) *TimeWindowed[K, V] {
	if err := w.Err(); err != nil {
		g.c.G.Errorf(graph.Caller(), "windowed-by: %w", err)
	}
	return &TimeWindowed[K, V]{g, w}
}

// SessionWindowed is a grouped stream cut into sessions.
type SessionWindowed[K, V any] struct {
	g *Grouped[K, V]
	w window.SessionWindow
}

// WindowedBySession cuts the groups into sessions of activity: records of a key that are no further apart than the gap
// are in one session, and a record between two sessions merges them. Kafka Streams: KGroupedStream.windowedBy with
// SessionWindows (KIP-94).
func (g *Grouped[K, V]) WindowedBySession(w window.SessionWindow) *SessionWindowed[K, V] {
	if err := w.Err(); err != nil {
		g.c.G.Errorf(graph.Caller(), "windowed-by-session: %w", err)
	}
	return &SessionWindowed[K, V]{g, w}
}
