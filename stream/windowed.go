package stream

import (
	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// Count counts the records of each key and window. Each update of a window is forwarded, or with
// [topology.EmitOnWindowClose] only its last, when it is closed.
//
// Cost: a window store and its changelog, named by topology.As; a look-up per window of a record, for sliding windows one range
// scan and as many look-ups as there are windows around the record; a repartition if the key has changed. Nulls: records
// whose key is null are dropped and counted as dropped; null values count, but for sliding windows, which drop them too.
// Records later than the grace are dropped and counted too: a window is closed once its end is not after (the end of a sliding
// window: before) the latest timestamp that this operator has seen, minus the grace; each window of a record is tested by
// itself (KIP-328). The result's timestamp is the latest of the window's records. Kafka Streams: TimeWindowedKStream.count.
func (w *TimeWindowed[K, V]) Count[O topology.Opt](opts ...O) *table.Table[window.Key[K], int64] {
	c := call(w.g.c, "windowed-count", topology.Options(opts))
	return table.Of(windowed(w, c, func(serde.Serde[int64]) fold[K, V, int64] { return countFold[K, V]() }))
}

// Reduce combines the values of each key and window: see Grouped.Reduce.
//
// Cost, lateness and time: see Count. Nulls: those of a V that can be nil reach reduce, others are dropped and counted.
// Kafka Streams: TimeWindowedKStream.reduce.
func (w *TimeWindowed[K, V]) Reduce[O topology.Opt](reduce func(V, V) V, opts ...O) *table.Table[window.Key[K], V] {
	c := call(w.g.c, "windowed-reduce", topology.Options(opts))
	c.Check(reduce == nil, "reducer")
	if c.ValueSerde == nil && w.g.s.Value != nil {
		c.ValueSerde = w.g.s.Value
	}
	return table.Of(windowed(w, c, func(vs serde.Serde[V]) fold[K, V, V] { return reduceFold[K](reduce, operator.Privately(vs)) }))
}

// Aggregate folds the values of each key and window: see Grouped.Aggregate.
//
// Cost, lateness and time: see Count. Nulls: those of a V that can be nil reach add, others are dropped and counted.
// Kafka Streams: TimeWindowedKStream.aggregate.
func (w *TimeWindowed[K, V]) Aggregate[A any](init func() A, add func(A, K, V) A, opts ...topology.Option) *table.Table[window.Key[K], A] {
	c := call(w.g.c, "windowed-aggregate", opts)
	c.Check(init == nil, "initialiser")
	c.Check(add == nil, "aggregator")
	return table.Of(windowed(w, c, func(serde.Serde[A]) fold[K, V, A] { return aggregateFold(init, add, nil) }))
}

// AggregateOrDelete is Aggregate whose add says whether the window's row stays: false deletes it and forwards a null.
//
// Cost, lateness, nulls and time: see Aggregate.
func (w *TimeWindowed[K, V]) AggregateOrDelete[A any](init func() A, add func(A, K, V) (A, bool), opts ...topology.Option) *table.Table[window.Key[K], A] {
	c := call(w.g.c, "windowed-aggregate", opts)
	c.Check(init == nil, "initialiser")
	c.Check(add == nil, "aggregator")
	return table.Of(windowed(w, c, func(serde.Serde[A]) fold[K, V, A] { return deletingFold(init, add, nil) }))
}

func call(group *operator.Call, op string, opts []topology.Option) *operator.Call {
	return operator.NewCall(group.G, op, opts)
}

func windowed[K, V, A any](w *TimeWindowed[K, V], c *operator.Call, makeFold func(vs serde.Serde[A]) fold[K, V, A]) graph.Table[window.Key[K], A] {
	name := c.G.NeedName(c.At, c.Op, c.Name, "a store")
	s := w.g.partitioned(name)
	vs := operator.Value[A](c, nil)
	st := windowStore(c, name, w.w.Retention(), s.Key, vs)
	n := foldWindows(c, c.Name, s.Node, st, w.w, makeFold(vs), st.EmitOnCommit)
	return graph.Table[window.Key[K], A]{G: c.G, Node: n, Key: window.KeySerde(s.Key), Value: vs, View: windowView[K, A](st)}
}

// windowStore is the store of windowed rows that are kept for so many milliseconds.
func windowStore[K, A any](c *operator.Call, name string, retention int64, ks serde.Serde[K], vs serde.Serde[A]) *graph.Store {
	st := c.NewStore(name, "window", retention)
	st.Make = func(ctx *graph.Context, st *graph.Store, d db.DB, prefix []byte) (graph.TaskStore, error) {
		s := store.NewWindow(ctx, st, d, prefix, ks, vs)
		return s, s.Index(st.EmitOnClose)
	}
	return st
}

// windowView looks the rows of windows up, those that are not closed included.
func windowView[K, A any](st *graph.Store) func() graph.View[window.Key[K], A] {
	return func() graph.View[window.Key[K], A] {
		return graph.View[window.Key[K], A]{Stores: []*graph.Store{st}, Open: func(ctx *graph.Context) (graph.Lookup[window.Key[K], A], error) {
			ws, err := graph.OpenStore[*store.Window[K, A]](ctx, st)
			if err != nil {
				return nil, err
			}
			told := ctx.Told && st.EmitOnCommit
			if told {
				ws.KeepOld()
			}
			return func(k window.Key[K]) (v A, ts int64, ok bool, err error) {
				e, live, err := ws.Entry(k.Key, k.Start)
				switch {
				case err != nil:
					return v, 0, false, err
				case told && ws.Seen(k.Start):
					return ws.Told(e)
				case told || !live:
					return v, 0, false, nil
				}
				v, err = ws.Value(e)
				return v, e.Timestamp(), true, err
			}, nil
		}}
	}
}

// emitWindows forwards what changed in a window store at each commit.
func emitWindows[K, A any](ctx *graph.Context, n *graph.Node, ws *store.Window[K, A], win window.TimeWindow, next func(*graph.Change[window.Key[K], A]) error) {
	if n.SendsOld() {
		ws.KeepOld()
	}
	var ch graph.Change[window.Key[K], A]
	ctx.OnCommit(n, func() error {
		return ws.Changed(func(e *store.Entry[A], old A, hadOld bool) error {
			k, err := ws.KeyOf(e)
			if err != nil {
				return err
			}
			v, err := ws.Value(e)
			if err != nil {
				return err
			}
			start := e.StartOf()
			ch = graph.Change[window.Key[K], A]{
				Key: window.Key[K]{Key: k, Start: start, End: win.End(start)},
				New: v, HasNew: e.Has(), Old: old, HasOld: hadOld, Timestamp: e.Timestamp(), Headers: ctx.Headers,
			}
			return next(&ch)
		})
	})
}
