package table

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/serde"
)

// derive adds a table whose rows are f of the parent's; ok false means no row. It keeps nothing itself: rows are looked up
// in the parent. One that chooses does not forward the delete of a row that it did not show before, where it knows: where the
// parent has old values anyway (KAFKA-10077).
func derive[K, V, R any](t *Table[K, V], c *operator.Call, f func(K, V) (R, bool), inherited serde.Serde[R], chooses bool) *Table[K, R] {
	d := graph.Table[K, R]{G: c.G, Key: t.t.Key, Value: inherited}
	show := func(k K, v V) (R, bool) { // a joiner must not see the row that f hides
		r, ok := f(k, v)
		if !ok {
			var none R
			r = none
		}
		return r, ok
	}
	d.Node = graph.Add(c.G, graph.Spec{
		Op: c.Op, Name: c.Name, At: c.At, Kind: graph.ProcessorNode,
		Parents: []*graph.Node{t.t.Node}, OldFrom: []*graph.Node{t.t.Node},
	}, func(_ *graph.Context, n *graph.Node, next func(*graph.Change[K, R]) error) (func(*graph.Change[K, V]) error, error) {
		var o graph.Change[K, R]
		return func(ch *graph.Change[K, V]) error {
			o = graph.Change[K, R]{Key: ch.Key, Late: ch.Late, Timestamp: ch.Timestamp, Headers: ch.Headers}
			if ch.HasNew {
				o.New, o.HasNew = show(ch.Key, ch.New)
			}
			if n.SendsOld() {
				if ch.HasOld {
					o.Old, o.HasOld = show(ch.Key, ch.Old)
				}
				if chooses && !o.HasNew && !o.HasOld {
					return nil
				}
			}
			return next(&o)
		}, nil
	})
	if chooses && t.t.Node.Kept() {
		d.Node.RequireOld()
	}
	if c.Name != "" {
		return stored(c, d)
	}
	view := t.t.View
	d.History = t.t.History
	d.View = func() graph.View[K, R] {
		p := view()
		return derivedView(p, show)
	}
	return &Table[K, R]{d}
}

// derivedView looks rows up in the parent of a derived table. (Inlined, its closures would be compiled at each call.)
//
//go:noinline
func derivedView[K, V, R any](p graph.View[K, V], show func(K, V) (R, bool)) graph.View[K, R] {
	shown := func(k K, v V, ts int64, ok bool, err error) (R, int64, bool, error) {
		if err != nil || !ok {
			var none R
			return none, 0, false, err
		}
		r, ok := show(k, v)
		return r, ts, ok, nil
	}
	d := graph.View[K, R]{Stores: p.Stores, Open: func(ctx *graph.Context) (graph.Lookup[K, R], error) {
		get, err := p.Open(ctx)
		return func(k K) (R, int64, bool, error) {
			v, ts, ok, err := get(k)
			return shown(k, v, ts, ok, err)
		}, err
	}}
	if p.OpenAt != nil {
		d.OpenAt = func(ctx *graph.Context) (graph.LookupAt[K, R], error) {
			get, err := p.OpenAt(ctx)
			return func(k K, at int64) (R, int64, bool, error) {
				v, ts, ok, err := get(k, at)
				return shown(k, v, ts, ok, err)
			}, err
		}
	}
	return d
}
