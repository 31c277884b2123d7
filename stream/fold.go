package stream

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
)

// fold is an aggregation: the accumulator is there or not, and so is what comes out.
type fold[K, V, A any] struct {
	// init is where a row starts; ok is false if it starts from nothing.
	init func() (a A, ok bool)
	// add takes a record in; ok false deletes the row.
	add func(a A, has bool, r *graph.Record[K, V]) (A, bool)
	// merge joins two sessions.
	merge func(k K, a A, has bool, b A) (A, bool)
	// blind says that null values count too, though V cannot be nil.
	blind bool
}

func countFold[K, V any]() fold[K, V, int64] {
	return fold[K, V, int64]{
		init:  func() (int64, bool) { return 0, true },
		add:   func(n int64, _ bool, _ *graph.Record[K, V]) (int64, bool) { return n + 1, true },
		merge: func(_ K, a int64, _ bool, b int64) (int64, bool) { return a + b, true },
		blind: true,
	}
}

func aggregateFold[K, V, A any](init func() A, add func(A, K, V) A, merge func(A, K, A) A) fold[K, V, A] {
	nilable := store.Nilable[A]()
	present := func(a A) (A, bool) { return a, !nilable || !store.IsNil(&a) }
	return fold[K, V, A]{
		init: func() (A, bool) { return present(init()) },
		add: func(a A, has bool, r *graph.Record[K, V]) (A, bool) {
			if !has {
				a = init()
			}
			return present(add(a, r.Key, r.Value))
		},
		merge: func(k K, a A, _ bool, b A) (A, bool) { return merge(a, k, b), true },
	}
}

func deletingFold[K, V, A any](init func() A, add func(A, K, V) (A, bool), merge func(A, K, A) A) fold[K, V, A] {
	f := aggregateFold[K, V](init, nil, merge)
	f.add = func(a A, has bool, r *graph.Record[K, V]) (A, bool) {
		if !has {
			a = init()
		}
		return add(a, r.Key, r.Value)
	}
	return f
}

func reduceFold[K, V any](reduce func(V, V) V, copied func(V) V) fold[K, V, V] {
	nilable := store.Nilable[V]()
	return fold[K, V, V]{
		init: func() (v V, ok bool) { return v, false },
		add: func(a V, has bool, r *graph.Record[K, V]) (V, bool) {
			if !has {
				return copied(r.Value), !r.Null
			}
			v := reduce(a, r.Value)
			return v, !nilable || !store.IsNil(&v)
		},
		merge: func(_ K, a V, has bool, b V) (V, bool) {
			if !has {
				return b, true
			}
			return reduce(a, b), true
		},
	}
}

// grouped aggregates without windows. Null keys and null values are dropped and counted; the result's timestamp is the
// latest of the row's.
func grouped[K, V, A any](g *Grouped[K, V], c *operator.Call, makeFold func(vs serde.Serde[A]) fold[K, V, A]) graph.Table[K, A] {
	name := c.G.NeedName(c.At, c.Op, c.Name, "a store")
	s := g.partitioned(name)
	vs := operator.Value[A](c, nil)
	st := operator.KeyValueStore(c, name, s.Key, vs)
	n := foldRows(c, c.Name, s.Node, st, makeFold(vs), st.EmitOnCommit)
	return graph.Table[K, A]{G: c.G, Node: n, Key: s.Key, Value: vs, View: func() graph.View[K, A] { return operator.KeyValueView[K, A](st) }}
}

// foldRows adds the node that aggregates into st. tells says that it is the one to tell at commits what changed in a store that
// emits then.
func foldRows[K, V, A any](c *operator.Call, name string, parent *graph.Node, st *graph.Store, f fold[K, V, A], tells bool) *graph.Node {
	return graph.Add(c.G, graph.Spec{Op: c.Op, Name: name, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{parent}, Stores: []*graph.Store{st}},
		func(ctx *graph.Context, n *graph.Node, next func(*graph.Change[K, A]) error) (func(*graph.Record[K, V]) error, error) {
			kv, err := graph.OpenStore[*store.KeyValue[K, A]](ctx, st)
			if err != nil {
				return nil, err
			}
			later := st.EmitOnCommit
			if tells {
				operator.EmitChanges(ctx, n, kv, next)
			}
			var ch graph.Change[K, A]
			return func(r *graph.Record[K, V]) error {
				if r.NullKey || r.Null {
					ctx.Skip(n, "null key or value")
					return nil
				}
				e, err := kv.Entry(r.Key)
				if err != nil {
					return err
				}
				ch = graph.Change[K, A]{Key: r.Key, Timestamp: r.Timestamp, Headers: r.Headers}
				if e.Has() {
					ch.Timestamp = max(r.Timestamp, e.Timestamp())
				}
				switch {
				case !n.SendsOld() || later:
				case e.Has():
					if ch.Old, err = kv.Copy(e); err != nil {
						return err
					}
					ch.HasOld = true
				default: // as in Kafka Streams, a new row takes the place of the value that it starts from
					ch.Old, ch.HasOld = f.init()
				}
				a, err := kv.Value(e)
				if err != nil {
					return err
				}
				kv.Touch(e)
				ch.New, ch.HasNew = f.add(a, e.Has(), r)
				if ch.HasNew {
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
}
