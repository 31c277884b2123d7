package table

import (
	"bytes"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/topology"
)

// Grouped is a table whose rows are grouped by another key, ready to be aggregated. Each row counts in one group; a row that
// changes is taken out of the group that it was in and put into the one that it belongs to now. Its records go through a
// repartition topic, which all aggregations of the same Grouped share.
type Grouped[K, V any] struct {
	s    graph.Stream[K, change[V]]
	vs   serde.Serde[V]
	c    *operator.Call
	done bool
}

// GroupBy groups the rows by another key; f gives the key and the value that a row has in its group. f must be pure: it is
// called for old rows as well as for new ones.
//
// Cost: t is kept in a store, since old rows are needed; a repartition, whose topic is named by topology.As here, or else after
// the aggregation. An update that leaves the row in its group is one record with the old and the new value; one that moves it
// is two, the old group's first, which reach groups in different partitions in any order: what adds up over groups does so only
// once both have. Nulls: a row whose new key or value is nil, of a type that can be nil, is in no group; to leave rows out with
// other types, Filter the table first. Time and headers stay. A Grouped that nothing aggregates is an error of Build. Kafka
// Streams: KTable.groupBy (KIP-904).
func (t *Table[K, V]) GroupBy[K2, V2 any](f func(K, V) (K2, V2), opts ...topology.Option) *Grouped[K2, V2] {
	c := operator.NewCall(t.t.G, "table-group-by", opts)
	c.Check(f == nil, "selector")
	if c.Partitioner != nil {
		c.Errorf("PartitionBy is not for groups: the old and the new value of a row must meet in the partition of their key: leave it out")
		c.Partitioner = nil
	}
	ks, vs := operator.Key[K2](c, nil), operator.Value[V2](c, nil)
	g := &Grouped[K2, V2]{vs: vs, c: c, s: graph.Stream[K2, change[V2]]{
		G: c.G, Node: regroup(t.t, c, f, ks), Key: ks, Value: changeSerde[V2]{vs}, Rekeyed: true,
	}}
	t.t.Node.RequireOld()
	c.G.OnBuild(func() {
		if !g.done {
			c.Errorf("nothing aggregates the groups: call Count, Reduce or Aggregate on them, or leave it out")
		}
	})
	return g
}

// regroup adds the node that tells the groups of the rows that they lose and gain.
func regroup[K, V, K2, V2 any](t graph.Table[K, V], c *operator.Call, f func(K, V) (K2, V2), ks serde.Serde[K2]) *graph.Node {
	nilKey, nilValue := store.Nilable[K2](), store.Nilable[V2]()
	half := func(k K, v V, has bool) (k2 K2, v2 V2, ok bool) {
		if !has {
			return k2, v2, false
		}
		k2, v2 = f(k, v)
		return k2, v2, (!nilKey || !store.IsNil(&k2)) && (!nilValue || !store.IsNil(&v2))
	}
	return graph.Add(c.G, graph.Spec{Op: "regroup", At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{t.Node}},
		func(_ *graph.Context, n *graph.Node, next func(*graph.Record[K2, change[V2]]) error) (func(*graph.Change[K, V]) error, error) {
			var o graph.Record[K2, change[V2]]
			same := sameKey(n, ks)
			return func(ch *graph.Change[K, V]) error {
				if ch.Late { // of a versioned table; as in Kafka Streams it is not counted here
					return nil
				}
				oldKey, oldValue, hadOld := half(ch.Key, ch.Old, ch.HasOld)
				newKey, newValue, hasNew := half(ch.Key, ch.New, ch.HasNew)
				o = graph.Record[K2, change[V2]]{Timestamp: ch.Timestamp, Headers: ch.Headers}
				one := false
				if hadOld && hasNew {
					var err error
					if one, err = same(oldKey, newKey); err != nil {
						return err
					}
				}
				if one {
					o.Key, o.Value = newKey, change[V2]{old: oldValue, now: newValue, hadOld: true, hasNew: true}
					return next(&o)
				}
				if hadOld { // first, as within one record
					o.Key, o.Value = oldKey, change[V2]{old: oldValue, hadOld: true}
					if err := next(&o); err != nil {
						return err
					}
				}
				if !hasNew {
					return nil
				}
				o.Key, o.Value = newKey, change[V2]{now: newValue, hasNew: true}
				return next(&o)
			}, nil
		})
}

// sameKey compares keys by their bytes, which are what decides about partitions and rows.
func sameKey[K any](n *graph.Node, ks serde.Serde[K]) func(a, b K) (bool, error) {
	var x, y []byte
	return func(a, b K) (bool, error) {
		var err error
		if x, err = ks.Append(x[:0], a); err == nil {
			y, err = ks.Append(y[:0], b)
		}
		if err != nil {
			return false, &graph.UserError{Node: n, Err: err}
		}
		return bytes.Equal(x, y), nil
	}
}

// partitioned is the stream of changes as an aggregation named name reads it.
func (g *Grouped[K, V]) partitioned(name string) graph.Stream[K, change[V]] {
	if !g.done {
		g.done = true
		if g.c.Name != "" {
			name = g.c.Name
		}
		call := *g.c
		call.KeySerde, call.ValueSerde = nil, nil // they are in the stream
		g.s = operator.Through(&call, g.s, name)
	}
	return g.s
}
