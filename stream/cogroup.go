package stream

import (
	"reflect"
	"slices"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

// Cogrouped is several grouped streams on their way into one aggregate: each has values of its own type, and an adder that takes
// them in. It is what joins of many streams are mostly meant for, without the intermediate results, the stores and the
// repartitions of a chain of joins.
type Cogrouped[K, A any] struct {
	g      *graph.Graph
	inputs []cogroupInput[K, A]
}

// cogroupInput makes a stream of contributions out of a grouped stream, for an aggregation named name.
type cogroupInput[K, A any] func(c *operator.Call, name string) graph.Stream[K, contribution[A]]

// contribution is a record of one of the inputs, whose type the aggregate need not know.
type contribution[A any] interface {
	addTo(a A) (A, bool)
}

// Cogroup begins an aggregate of several grouped streams: add takes this one's records in. And adds the others, Aggregate ends it.
//
//	site.GroupByKey().Cogroup(Progress.AddSite).And(runs.GroupByKey(), Progress.AddRun).Aggregate(NewProgress, topology.As("progress"))
//
// Cost: a node for each input; a repartition for each whose key has changed, named by topology.As at its GroupBy, or else after the
// aggregate, which one of the inputs can be. The inputs' topics need equally many partitions. Nulls and time: what the aggregation
// does with them; a nil result of an A that can be nil deletes the row. Kafka Streams: KGroupedStream.cogroup (KIP-150).
func (g *Grouped[K, V]) Cogroup[A any](add func(A, K, V) A) *Cogrouped[K, A] {
	return (&Cogrouped[K, A]{g: g.c.G}).with(g, "cogroup", add == nil, keepNil(add))
}

// CogroupOrDelete is Cogroup whose add says whether the row stays: false deletes it and forwards a null. It is for an A that cannot
// be nil.
//
// Cost, nulls and time: see Cogroup. Kafka Streams: KGroupedStream.cogroup, whose aggregator may return null.
func (g *Grouped[K, V]) CogroupOrDelete[A any](add func(A, K, V) (A, bool)) *Cogrouped[K, A] {
	return (&Cogrouped[K, A]{g: g.c.G}).with(g, "cogroup", add == nil, add)
}

// And adds a grouped stream with the adder for its records. The receiver stays as it was, so that it can be the start of several
// aggregates.
//
// Cost, nulls and time: see Grouped.Cogroup. Kafka Streams: CogroupedKStream.cogroup.
func (x *Cogrouped[K, A]) And[V any](g *Grouped[K, V], add func(A, K, V) A) *Cogrouped[K, A] {
	return x.with(g, "and", add == nil, keepNil(add))
}

// AndOrDelete is And whose add says whether the row stays: see Grouped.CogroupOrDelete.
//
// Cost, nulls and time: see Grouped.Cogroup. Kafka Streams: CogroupedKStream.cogroup, whose aggregator may return null.
func (x *Cogrouped[K, A]) AndOrDelete[V any](g *Grouped[K, V], add func(A, K, V) (A, bool)) *Cogrouped[K, A] {
	return x.with(g, "and", add == nil, add)
}

// keepNil takes a nil result, where there can be one, for none.
func keepNil[K, V, A any](add func(A, K, V) A) func(A, K, V) (A, bool) {
	nilable := store.Nilable[A]()
	return func(a A, k K, v V) (A, bool) {
		a = add(a, k, v)
		return a, !nilable || !store.IsNil(&a)
	}
}

func (x *Cogrouped[K, A]) with[V any](g *Grouped[K, V], op string, noAdder bool, add func(A, K, V) (A, bool)) *Cogrouped[K, A] {
	c := operator.NewCall(x.g, op, nil)
	c.Check(noAdder, "adder")
	switch {
	case g == nil:
		c.Errorf("the grouped stream is nil: give one of this Builder")
		return x
	case g.c.G != x.g:
		c.Errorf("the grouped stream is of another topology: streams of one Builder can be aggregated together")
		return x
	}
	return &Cogrouped[K, A]{x.g, append(slices.Clip(x.inputs), contribute(g, add))}
}

// contribute is an input as the aggregation sees it: records without a type. (Written for each input's type, the aggregations would
// be compiled for each.)
func contribute[K, V, A any](g *Grouped[K, V], add func(A, K, V) (A, bool)) cogroupInput[K, A] {
	return func(c *operator.Call, name string) graph.Stream[K, contribution[A]] {
		s, hide := g.partitioned(name), hides[V]()
		op := "cogroup-" + name // not only "cogroup": what a node keeps goes by its name, which an aggregate elsewhere must not shift
		n := graph.Add(c.G, graph.Spec{Op: op, At: g.c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{s.Node}},
			func(ctx *graph.Context, n *graph.Node, next func(*graph.Record[K, contribution[A]]) error) (func(*graph.Record[K, V]) error, error) {
				one := &added[K, V, A]{add: add}
				o := graph.Record[K, contribution[A]]{Value: one}
				return func(r *graph.Record[K, V]) error {
					if r.Null && hide {
						ctx.Skip(n, hidden)
						return nil
					}
					one.r = r
					o.Key, o.NullKey, o.Null, o.Timestamp, o.Headers = r.Key, r.NullKey, r.Null, r.Timestamp, r.Headers
					return next(&o)
				}, nil
			})
		return graph.Stream[K, contribution[A]]{G: c.G, Node: n, Key: s.Key}
	}
}

// added is the record that an input is at.
type added[K, V, A any] struct {
	add func(A, K, V) (A, bool)
	r   *graph.Record[K, V]
}

func (x *added[K, V, A]) addTo(a A) (A, bool) { return x.add(a, x.r.Key, x.r.Value) }

// cogroupFold is the fold of contributions.
func cogroupFold[K, A any](init func() A, merge func(A, K, A) A) fold[K, contribution[A], A] {
	f := aggregateFold[K, contribution[A]](init, nil, merge)
	f.add = func(a A, has bool, r *graph.Record[K, contribution[A]]) (A, bool) {
		if !has {
			a = init()
		}
		return r.Value.addTo(a)
	}
	return f
}

// Aggregate folds the records of all inputs into one row for each key: init starts, then the adder of the record's input. Records
// come in the order of their timestamps, as far as they are there, and an input's in its own order.
//
// Cost: a store and its changelog, named by topology.As; see Cogroup. Nulls: records whose key or value is null are dropped and
// counted. The result's timestamp is the latest of the row's records. Kafka Streams: CogroupedKStream.aggregate.
func (x *Cogrouped[K, A]) Aggregate[O topology.Opt](init func() A, opts ...O) *table.Table[K, A] {
	c := operator.NewCall(x.g, "cogroup-aggregate", topology.Options(opts))
	c.Check(init == nil, "initialiser")
	name := c.G.NeedName(c.At, c.Op, c.Name, "a store")
	ins, ks := x.partitioned(c, name)
	vs := operator.Value[A](c, nil)
	st := operator.KeyValueStore(c, name, ks, vs)
	f := cogroupFold[K](init, nil)
	n := unite(c, st, ins, func(part *operator.Call, in graph.Stream[K, contribution[A]]) *graph.Node {
		return foldRows(part, "", in.Node, st, f, false)
	}, operator.EmitChanges[K, A])
	return table.Of(graph.Table[K, A]{G: c.G, Node: n, Key: ks, Value: vs, View: func() graph.View[K, A] { return operator.KeyValueView[K, A](st) }})
}

// partitioned are the inputs as an aggregation named name reads them, and the serde of their keys.
func (x *Cogrouped[K, A]) partitioned(c *operator.Call, name string) ([]graph.Stream[K, contribution[A]], serde.Serde[K]) {
	var ins []graph.Stream[K, contribution[A]]
	var nodes []*graph.Node
	ks := operator.Key[K](c, nil)
	for i, in := range x.inputs {
		s := in(c, name)
		ins, nodes = append(ins, s), append(nodes, s.Node)
		switch {
		case i == 0 && c.KeySerde == nil:
			ks = s.Key
		case reflect.TypeOf(ks) != reflect.TypeOf(s.Key): // of two of one type, Go cannot always tell whether they are the same
			c.Errorf("the keys of input %d are encoded by a %T, and others by a %T, so that one key's records may be in different partitions: "+
				"give the topics one serde, and the aggregate none", i+1, s.Key, ks)
		}
	}
	c.G.CoPartition(nodes...)
	return ins, ks
}

// unite adds an aggregating node for each input, all over st, and the one whose children are the table's.
func unite[K, K2, A any, S graph.TaskStore](
	c *operator.Call, st *graph.Store, ins []graph.Stream[K, contribution[A]],
	each func(c *operator.Call, in graph.Stream[K, contribution[A]]) *graph.Node,
	tell func(ctx *graph.Context, n *graph.Node, s S, next func(*graph.Change[K2, A]) error),
) *graph.Node {
	parts := make([]*graph.Node, 0, len(ins))
	part := *c
	part.Op, part.Name = "add", ""
	for _, in := range ins {
		parts = append(parts, each(&part, in))
	}
	return graph.Add(c.G, graph.Spec{Op: c.Op, Name: c.Name, At: c.At, Kind: graph.ProcessorNode, Parents: parts, OldFrom: parts, Stores: []*graph.Store{st}},
		func(ctx *graph.Context, n *graph.Node, next func(*graph.Change[K2, A]) error) (func(*graph.Change[K2, A]) error, error) {
			if !st.EmitOnCommit {
				return next, nil
			}
			s, err := graph.OpenStore[S](ctx, st)
			if err != nil {
				return nil, err
			}
			tell(ctx, n, s, next)
			return next, nil
		})
}
