package stream

import (
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

// Count counts the records of each key.
//
// Cost: a store and its changelog, named by topology.As; a repartition if the key has changed. Nulls: records whose key
// or value is null are dropped and counted as dropped. The result's timestamp is the latest of the row's records, also
// where records come out of order (KIP-258). Kafka Streams: KGroupedStream.count.
func (g *Grouped[K, V]) Count[O topology.Opt](opts ...O) *table.Table[K, int64] {
	c := call(g.c, "count", topology.Options(opts))
	return table.Of(grouped(g, c, func(serde.Serde[int64]) fold[K, V, int64] { return countFold[K, V]() }))
}

// Reduce combines the values of each key: the first stands for itself, then reduce(so far, value). reduce may change
// and return its first argument. A nil result of a V that can be nil deletes the row.
//
// Cost, nulls and time: see Count. Kafka Streams: KGroupedStream.reduce.
func (g *Grouped[K, V]) Reduce[O topology.Opt](reduce func(V, V) V, opts ...O) *table.Table[K, V] {
	c := call(g.c, "reduce", topology.Options(opts))
	c.Check(reduce == nil, "reducer")
	if c.ValueSerde == nil && g.s.Value != nil {
		c.ValueSerde = g.s.Value
	}
	return table.Of(grouped(g, c, func(vs serde.Serde[V]) fold[K, V, V] { return reduceFold[K](reduce, operator.Privately(vs)) }))
}

// Aggregate folds the values of each key: init starts, then add(so far, key, value). add may change and return its
// first argument, so a method fits: Progress.Observe is a func(Progress, K, V) Progress. A nil result of an A that can
// be nil deletes the row, and the next record starts from init again.
//
// Cost, nulls and time: see Count. Kafka Streams: KGroupedStream.aggregate.
func (g *Grouped[K, V]) Aggregate[A any](init func() A, add func(A, K, V) A, opts ...topology.Option) *table.Table[K, A] {
	c := call(g.c, "aggregate", opts)
	c.Check(init == nil, "initialiser")
	c.Check(add == nil, "aggregator")
	return table.Of(grouped(g, c, func(serde.Serde[A]) fold[K, V, A] { return aggregateFold(init, add, nil) }))
}

// AggregateOrDelete is Aggregate whose add says whether the row stays: false deletes it and forwards a null. It is for
// an A that cannot be nil.
//
// Cost, nulls and time: see Count. Kafka Streams: KGroupedStream.aggregate, whose aggregator may return null.
func (g *Grouped[K, V]) AggregateOrDelete[A any](init func() A, add func(A, K, V) (A, bool), opts ...topology.Option) *table.Table[K, A] {
	c := call(g.c, "aggregate", opts)
	c.Check(init == nil, "initialiser")
	c.Check(add == nil, "aggregator")
	return table.Of(grouped(g, c, func(serde.Serde[A]) fold[K, V, A] { return deletingFold(init, add, nil) }))
}
