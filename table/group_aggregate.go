package table

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/topology"
)

// Count counts the rows of each group. A group that has lost its last row has the count 0; it does not go.
//
// Cost: a store and its changelog, named by topology.As; the repartition of GroupBy. Nulls: see GroupBy. Where a row moves from
// one group to another, the two counts change one after the other. The result's timestamp is the latest of the rows that came
// and went (KIP-258). Kafka Streams: KGroupedTable.count.
func (g *Grouped[K, V]) Count[O topology.Opt](opts ...O) *Table[K, int64] {
	c := operator.NewCall(g.s.G, "table-count", topology.Options(opts))
	return aggregate(g, c, func(serde.Serde[int64]) exchange[K, V, int64] {
		return exchange[K, V, int64]{
			init: func(V) (n int64, started bool) { return 0, false },
			add:  func(n int64, _ K, _ V) (int64, bool) { return n + 1, true },
			sub:  func(n int64, _ K, _ V) (int64, bool) { return n - 1, true },
		}
	})
}

// Reduce combines the values of each group: the first stands for itself, then add(so far, value) for each row that comes, and
// subtract(so far, value) for each that goes. For a row that changes within its group, subtract comes first. subtract undoes add:
// what it does not undo stays in the result for good. Both may change and return their first argument. A nil result of a V that
// can be nil deletes the group.
//
// Cost, nulls and time: see Count. What goes is not subtracted from a group that is not there. Kafka Streams:
// KGroupedTable.reduce.
func (g *Grouped[K, V]) Reduce[O topology.Opt](add, subtract func(V, V) V, opts ...O) *Table[K, V] {
	c := operator.NewCall(g.s.G, "table-reduce", topology.Options(opts))
	c.Check(add == nil, "adder")
	c.Check(subtract == nil, "subtractor")
	if c.ValueSerde == nil {
		c.ValueSerde = g.vs
	}
	return aggregate(g, c, func(vs serde.Serde[V]) exchange[K, V, V] {
		own := operator.Privately(vs)
		return exchange[K, V, V]{
			init: func(v V) (V, bool) { return own(v), true },
			add:  present(func(a V, _ K, v V) V { return add(a, v) }),
			sub:  present(func(a V, _ K, v V) V { return subtract(a, v) }),
		}
	})
}

// Aggregate folds the values of each group: init starts, then add(so far, key, value) for each row that comes, and
// subtract(so far, key, value) for each that goes. For a row that changes within its group, subtract comes first. subtract undoes
// add: what it does not undo stays in the result for good. Both may change and return their first argument. A nil result of an A
// that can be nil deletes the group, and the next row starts from init again.
//
// Cost, nulls and time: see Count. What goes is not subtracted from a group that is not there. Kafka Streams:
// KGroupedTable.aggregate.
func (g *Grouped[K, V]) Aggregate[A any](init func() A, add, subtract func(A, K, V) A, opts ...topology.Option) *Table[K, A] {
	c := operator.NewCall(g.s.G, "table-aggregate", opts)
	return fold(g, c, init, add == nil, subtract == nil, present(add), present(subtract))
}

// AggregateOrDelete is Aggregate whose add and subtract say whether the group stays: false deletes it and forwards a null. It is
// for an A that cannot be nil.
//
// Cost, nulls and time: see Aggregate. Kafka Streams: KGroupedTable.aggregate, whose adder and subtractor may return null.
func (g *Grouped[K, V]) AggregateOrDelete[A any](init func() A, add, subtract func(A, K, V) (A, bool), opts ...topology.Option) *Table[K, A] {
	c := operator.NewCall(g.s.G, "table-aggregate", opts)
	return fold(g, c, init, add == nil, subtract == nil, add, subtract)
}

func fold[K, V, A any](g *Grouped[K, V], c *operator.Call, init func() A, noAdd, noSub bool, add, sub func(A, K, V) (A, bool)) *Table[K, A] {
	c.Check(init == nil, "initialiser")
	c.Check(noAdd, "adder")
	c.Check(noSub, "subtractor")
	return aggregate(g, c, func(serde.Serde[A]) exchange[K, V, A] {
		return exchange[K, V, A]{init: func(V) (A, bool) { return init(), false }, add: add, sub: sub}
	})
}

// exchange is an aggregation that values come into and go out of; ok false deletes the group.
type exchange[K, V, A any] struct {
	// init is where a group starts with its first value; done says that the value is in it.
	init func(v V) (a A, done bool)
	add  func(a A, k K, v V) (A, bool)
	sub  func(a A, k K, v V) (A, bool)
}

// present takes a nil result, where there can be one, for none.
func present[K, V, A any](f func(A, K, V) A) func(A, K, V) (A, bool) {
	nilable := store.Nilable[A]()
	return func(a A, k K, v V) (A, bool) {
		a = f(a, k, v)
		return a, !nilable || !store.IsNil(&a)
	}
}

// apply takes out what goes, then puts in what comes. has says whether the group is there, before and after.
func (x *exchange[K, V, A]) apply(a A, has bool, k K, c *change[V]) (A, bool) {
	if c.hadOld && has {
		a, has = x.sub(a, k, c.old)
	}
	if !c.hasNew {
		return a, has
	}
	if !has {
		var done bool
		if a, done = x.init(c.now); done {
			return a, true
		}
	}
	return x.add(a, k, c.now)
}

// aggregate adds the store and the node that keeps it. The result's timestamp is the later of the row's and the change's.
func aggregate[K, V, A any](g *Grouped[K, V], c *operator.Call, exchanging func(vs serde.Serde[A]) exchange[K, V, A]) *Table[K, A] {
	name := c.G.NeedName(c.At, c.Op, c.Name, "a store")
	s := g.partitioned(name)
	vs := operator.Value[A](c, nil)
	st := operator.KeyValueStore(c, name, s.Key, vs)
	x := exchanging(vs)
	n := graph.Add(c.G, graph.Spec{Op: c.Op, Name: c.Name, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{s.Node}, Stores: []*graph.Store{st}},
		func(ctx *graph.Context, n *graph.Node, next func(*graph.Change[K, A]) error) (func(*graph.Record[K, change[V]]) error, error) {
			kv, err := graph.OpenStore[*store.KeyValue[K, A]](ctx, st)
			if err != nil {
				return nil, err
			}
			later := st.EmitOnCommit
			if later {
				operator.EmitChanges(ctx, n, kv, next)
			}
			var ch graph.Change[K, A]
			return func(r *graph.Record[K, change[V]]) error {
				e, err := kv.Entry(r.Key)
				if err != nil {
					return err
				}
				ch = graph.Change[K, A]{Key: r.Key, Timestamp: r.Timestamp, Headers: r.Headers}
				if e.Has() {
					ch.Timestamp = max(r.Timestamp, e.Timestamp())
				}
				if n.SendsOld() && !later && e.Has() {
					if ch.Old, err = kv.Copy(e); err != nil {
						return err
					}
					ch.HasOld = true
				}
				a, err := kv.Value(e)
				if err != nil {
					return err
				}
				kv.Touch(e)
				if ch.New, ch.HasNew = x.apply(a, e.Has(), r.Key, &r.Value); ch.HasNew {
					kv.Set(e, ch.New, ch.Timestamp)
				} else {
					kv.Remove(e, r.Timestamp)
				}
				if later {
					return nil
				}
				return next(&ch)
			}, nil
		})
	return &Table[K, A]{graph.Table[K, A]{G: c.G, Node: n, Key: s.Key, Value: vs, View: func() graph.View[K, A] { return operator.KeyValueView[K, A](st) }}}
}
