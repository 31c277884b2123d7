package table

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
)

// side is one input of a join: each of its changes looks the other side's row up. alone says that its rows appear in the
// result without one of the other side; otherAlone, that the other side's do without one of this.
func side[K, V, W, R any](c *operator.Call, op string, t graph.Table[K, V], other graph.View[K, W], alone, otherAlone bool, join joiner[V, W, R]) *graph.Node {
	nilable := store.Nilable[R]()
	present := func(r R) (R, bool) { return r, !nilable || !store.IsNil(&r) }
	return graph.Add(c.G, graph.Spec{Op: op, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{t.Node}, Stores: nil, OldFrom: []*graph.Node{t.Node}},
		func(ctx *graph.Context, n *graph.Node, next func(*graph.Change[K, R]) error) (func(*graph.Change[K, V]) error, error) {
			get, err := told(ctx, other)
			if err != nil {
				return nil, err
			}
			var o graph.Change[K, R]
			return func(ch *graph.Change[K, V]) error {
				if operator.Superseded(ctx, n, ch) {
					return nil
				}
				w, ts, ok, err := get(ch.Key)
				if err != nil {
					return err
				}
				if !ok && (!alone || !ch.HasNew && !ch.HasOld) {
					return nil
				}
				o = graph.Change[K, R]{Key: ch.Key, Timestamp: ch.Timestamp, Headers: ch.Headers}
				if ok {
					o.Timestamp = max(ch.Timestamp, ts)
				}
				if ch.HasNew || ok && otherAlone {
					o.New, o.HasNew = present(join(ch.New, ch.HasNew, w, ok))
				}
				if n.SendsOld() && (ch.HasOld || ok && otherAlone) {
					o.Old, o.HasOld = present(join(ch.Old, ch.HasOld, w, ok))
				}
				return next(&o)
			}, nil
		}).Using(other.Stores)
}

// joinView looks a result up that is not kept: it joins the rows that there are.
func joinView[K, V, W, R any](left graph.View[K, V], right graph.View[K, W], k keep, join joiner[V, W, R]) func() graph.View[K, R] {
	return func() graph.View[K, R] {
		return graph.View[K, R]{
			Stores: append(append([]*graph.Store(nil), left.Stores...), right.Stores...),
			Open: func(ctx *graph.Context) (graph.Lookup[K, R], error) {
				getL, err := left.Open(ctx)
				if err != nil {
					return nil, err
				}
				getR, err := right.Open(ctx)
				if err != nil {
					return nil, err
				}
				nilable := store.Nilable[R]()
				return func(key K) (r R, ts int64, ok bool, err error) {
					v, ts1, okV, err := getL(key)
					if err != nil || !okV && k&keepRight == 0 {
						return r, 0, false, err
					}
					w, ts2, okW, err := getR(key)
					if err != nil || !okW && (!okV || k&keepLeft == 0) {
						return r, 0, false, err
					}
					switch {
					case !okV:
						ts = ts2
					case !okW:
						ts = ts1
					default:
						ts = max(ts1, ts2)
					}
					r = join(v, okV, w, okW)
					return r, ts, !nilable || !store.IsNil(&r), nil
				}, nil
			},
		}
	}
}
