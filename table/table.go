// Package table holds Table: the latest value of each key of a changelog, as it stands.
//
// A [Table] starts at a topic ([From]) or at an aggregation of a stream; every change of it is an update, and a null
// value deletes the row. stream.Changes is the stream of a table's changes; a Table itself never mentions a Stream.
//
// Tables take updates in the order in which they come, as Kafka Streams' unversioned tables do: an update with an older
// timestamp replaces a newer one; with topology.Versioned they keep both. Rows are kept in a store only where something needs it: a name given by the user, a
// look-up (a join), or a child that asks for old values.
//
// Null rules: a record with a null key is dropped and counted; a null value deletes. Callbacks are never called on a row
// that is absent, but those of left and outer joins, which are told so.
package table

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/topology"
)

// Table is the latest value of each key. It is a description: nothing is kept until the topology runs.
type Table[K, V any] struct{ t graph.Table[K, V] }

// Of makes a Table of its parts; it is for package stream.
func Of[K, V any](t graph.Table[K, V]) *Table[K, V] { return &Table[K, V]{t} }

// Parts are what a Table is made of; they are for package stream.
func (t *Table[K, V]) Parts() graph.Table[K, V] { return t.t }

// From reads a topic as a table: each record is its key's new value. The topic should be compacted.
//
// Cost: a store with a changelog if the table is named (topology.As), looked up, or asked for old values; the store is
// named after the topic unless topology.As names it. Nulls: a null value deletes; a null key is dropped and counted.
// Updates are taken in the order in which they come, or with topology.Versioned in that of their times; rows have their records'
// time. Kafka Streams:
// StreamsBuilder.table.
func From[K, V any](b *topology.Builder, t topology.Topic[K, V], opts ...topology.Option) *Table[K, V] {
	c := operator.NewCall(b.Graph(), "table.From", opts)
	ks, vs := operator.Key(c, t.Key), operator.Value(c, t.Value)
	n := operator.AddSource(c, c.G.Topic(t.Name, graph.UserTopic), ks, vs)
	named := c.Name != ""
	name := c.Name
	if !named {
		name = t.Name
	}
	return &Table[K, V]{operator.AddTable(c, graph.Stream[K, V]{G: c.G, Node: n, Key: ks, Value: vs}, name, named)}
}

// Filter keeps the rows for which keep is true. A row that it does not keep is forwarded as deleted, unless it is known
// not to have been kept before: t has a store already (a name, a look-up) or a child asks for old values. keep must be
// pure.
//
// Cost: no state, unless topology.As names a store. Looking a row up runs keep on the parent's row. Nulls: a delete
// stays one, without a call. Time and headers stay. Kafka Streams: KTable.filter.
func (t *Table[K, V]) Filter[O topology.Opt](keep func(K, V) bool, opts ...O) *Table[K, V] {
	c := operator.NewCall(t.t.G, "table-filter", topology.Options(opts))
	c.Check(keep == nil, "predicate")
	return derive(t, c, func(k K, v V) (V, bool) { return v, keep(k, v) }, t.t.Value, true)
}

// FilterNot keeps the rows for which drop is false.
//
// Cost, nulls and time: see Filter. Kafka Streams: KTable.filterNot.
func (t *Table[K, V]) FilterNot[O topology.Opt](drop func(K, V) bool, opts ...O) *Table[K, V] {
	c := operator.NewCall(t.t.G, "table-filter-not", topology.Options(opts))
	c.Check(drop == nil, "predicate")
	return derive(t, c, func(k K, v V) (V, bool) { return v, !drop(k, v) }, t.t.Value, true)
}

// MapValues gives each row another value. f must be pure: it is called again for old values and look-ups.
//
// Cost: no state, unless topology.As names a store. Looking a row up runs f on the parent's row. Nulls: a delete stays
// one, without a call; a nil R deletes the row. Time and headers stay. Kafka Streams: KTable.mapValues.
func (t *Table[K, V]) MapValues[R any](f func(V) R, opts ...topology.Option) *Table[K, R] {
	c := operator.NewCall(t.t.G, "table-map-values", opts)
	c.Check(f == nil, "mapper")
	return mapValues(t, c, func(_ K, v V) R { return f(v) })
}

// MapValuesWithKey is MapValues with the key to look at. The key must not be changed through a pointer.
//
// Cost, nulls and time: see MapValues. Kafka Streams: KTable.mapValues with a ValueMapperWithKey (KIP-149).
func (t *Table[K, V]) MapValuesWithKey[R any](f func(K, V) R, opts ...topology.Option) *Table[K, R] {
	c := operator.NewCall(t.t.G, "table-map-values", opts)
	c.Check(f == nil, "mapper")
	return mapValues(t, c, f)
}

func mapValues[K, V, R any](t *Table[K, V], c *operator.Call, f func(K, V) R) *Table[K, R] {
	nilable := store.Nilable[R]()
	return derive(t, c, func(k K, v V) (R, bool) {
		r := f(k, v)
		return r, !nilable || !store.IsNil(&r)
	}, nil, false)
}

// To publishes every change to a topic, with the rows' timestamps.
//
// Cost: encodes each change once. Nulls: a delete is a null value. Kafka Streams: KTable.toStream, then to.
func (t *Table[K, V]) To[O topology.Opt](topic topology.Topic[K, V], opts ...O) {
	c := operator.NewCall(t.t.G, "to", topology.Options(opts))
	n := Records(t, c)
	operator.AddSink(c, "to", n, c.G.Topic(topic.Name, graph.UserTopic), operator.Key(c, topic.Key), operator.Value(c, topic.Value), nil, false)
}

// Records adds the node that turns changes into records; it is for package stream.
func Records[K, V any](t *Table[K, V], c *operator.Call) *graph.Node {
	n := graph.Add(c.G, graph.Spec{Op: "changes", At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{t.t.Node}},
		func(_ *graph.Context, _ *graph.Node, next func(*graph.Record[K, V]) error) (func(*graph.Change[K, V]) error, error) {
			var r graph.Record[K, V]
			return func(ch *graph.Change[K, V]) error {
				r = graph.Record[K, V]{Key: ch.Key, Value: ch.New, Null: !ch.HasNew, Timestamp: ch.Timestamp, Headers: ch.Headers}
				return next(&r)
			}, nil
		})
	operator.RoundTrip[K](n, t.t.Value)
	return n
}
