package stream

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// TimeWindowedCogrouped is several grouped streams cut into windows.
type TimeWindowedCogrouped[K, A any] struct {
	x *Cogrouped[K, A]
	w window.TimeWindow
}

// WindowedBy cuts the aggregate into windows: see Grouped.WindowedBy. Kafka Streams: CogroupedKStream.windowedBy with TimeWindows or
// SlidingWindows (KIP-150).
func (x *Cogrouped[K, A]) WindowedBy(w window.TimeWindow) *TimeWindowedCogrouped[K, A] {
	if err := w.Err(); err != nil {
		x.g.Errorf(graph.Caller(), "windowed-by: %w", err)
	}
	return &TimeWindowedCogrouped[K, A]{x, w}
}

// Aggregate folds the records of all inputs into a row for each key and window: see Cogrouped.Aggregate.
//
// Cost: a window store and its changelog, named by topology.As; see TimeWindowed.Count. Nulls: see TimeWindowed.Aggregate. Each
// input has its own idea of how late it is: a record is dropped where the latest record of its own input has closed its window.
// Kafka Streams: TimeWindowedCogroupedKStream.aggregate.
func (w *TimeWindowedCogrouped[K, A]) Aggregate[O topology.Opt](init func() A, opts ...O) *table.Table[window.Key[K], A] {
	c := operator.NewCall(w.x.g, "windowed-cogroup-aggregate", topology.Options(opts))
	c.Check(init == nil, "initialiser")
	name := c.G.NeedName(c.At, c.Op, c.Name, "a store")
	ins, ks := w.x.partitioned(c, name)
	vs := operator.Value[A](c, nil)
	st := windowStore(c, name, w.w.Retention(), ks, vs)
	f := cogroupFold[K](init, nil)
	n := unite(c, st, ins, func(part *operator.Call, in graph.Stream[K, contribution[A]]) *graph.Node {
		return foldWindows(part, "", in.Node, st, w.w, f, false)
	}, func(ctx *graph.Context, n *graph.Node, ws *store.Window[K, A], next func(*graph.Change[window.Key[K], A]) error) {
		emitWindows(ctx, n, ws, w.w, next)
	})
	return table.Of(graph.Table[window.Key[K], A]{G: c.G, Node: n, Key: window.KeySerde(ks), Value: vs, View: windowView[K, A](st)})
}

// SessionWindowedCogrouped is several grouped streams cut into sessions.
type SessionWindowedCogrouped[K, A any] struct {
	x *Cogrouped[K, A]
	w window.SessionWindow
}

// WindowedBySession cuts the aggregate into sessions of activity on any of the inputs: see Grouped.WindowedBySession. Kafka Streams:
// CogroupedKStream.windowedBy with SessionWindows (KIP-150).
func (x *Cogrouped[K, A]) WindowedBySession(w window.SessionWindow) *SessionWindowedCogrouped[K, A] {
	if err := w.Err(); err != nil {
		x.g.Errorf(graph.Caller(), "windowed-by-session: %w", err)
	}
	return &SessionWindowedCogrouped[K, A]{x, w}
}

// Aggregate folds the records of all inputs into a row for each key and session; merge(so far, key, session) takes in each session
// that a record touches: see SessionWindowed.Aggregate.
//
// Cost: a session store and its changelog, named by topology.As; see SessionWindowed.Count. Nulls: see SessionWindowed.Aggregate.
// Each input has its own idea of how late it is: a record is dropped where the latest record of its own input has closed its
// session. Kafka Streams: SessionWindowedCogroupedKStream.aggregate.
func (w *SessionWindowedCogrouped[K, A]) Aggregate[O topology.Opt](init func() A, merge func(A, K, A) A, opts ...O) *table.Table[window.Key[K], A] {
	c := operator.NewCall(w.x.g, "session-cogroup-aggregate", topology.Options(opts))
	c.Check(init == nil, "initialiser")
	c.Check(merge == nil, "merger")
	name := c.G.NeedName(c.At, c.Op, c.Name, "a store")
	ins, ks := w.x.partitioned(c, name)
	vs := operator.Value[A](c, nil)
	st := sessionStore(c, name, w.w.Retention(), ks, vs)
	f := cogroupFold(init, merge)
	n := unite(c, st, ins, func(part *operator.Call, in graph.Stream[K, contribution[A]]) *graph.Node {
		return foldSessions(part, "", in.Node, st, w.w, f, false)
	}, emitSessions[K, A])
	return table.Of(graph.Table[window.Key[K], A]{G: c.G, Node: n, Key: window.KeySerde(ks), Value: vs, View: sessionView[K, A](st)})
}
