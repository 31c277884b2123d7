package table

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/topology"
)

// Join is the table of the keys that are in both tables. A change on either side updates the result; when one side's
// row goes, so does the result's. join must be pure.
//
// Cost: both tables are kept in stores; their topics need equally many partitions. The result is kept too if it is
// named (topology.As) or looked up. Nulls: join is not called for a row that is absent; a nil R deletes the result. The
// result has the later of the two rows' timestamps. Kafka Streams: KTable.join.
func (t *Table[K, V]) Join[W, R any](o *Table[K, W], join func(V, W) R, opts ...topology.Option) *Table[K, R] {
	c := operator.NewCall(t.t.G, "table-join", opts)
	c.Check(join == nil, "joiner")
	if !ours(t, c, o) {
		return &Table[K, R]{graph.Table[K, R]{G: c.G, Node: t.t.Node, Key: t.t.Key, View: func() (v graph.View[K, R]) { return v }}}
	}
	c.G.CoPartition(t.t.Node, o.t.Node)
	left, right := t.t.View(), o.t.View()
	this := side(c, "join-this", t.t, right, join)
	other := side(c, "join-other", o.t, left, func(w W, v V) R { return join(v, w) })
	d := graph.Table[K, R]{G: c.G, Key: t.t.Key}
	d.Node = graph.Add(c.G, graph.Spec{Op: c.Op, Name: c.Name, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{this, other}, OldFrom: []*graph.Node{this, other}},
		func(_ *graph.Context, _ *graph.Node, next func(*graph.Change[K, R]) error) (func(*graph.Change[K, R]) error, error) {
			return next, nil
		})
	if c.Name != "" {
		return stored(c, d)
	}
	d.View = joinView(left, right, join)
	return &Table[K, R]{d}
}

// ours reports whether a table can be joined, and notes an error if it cannot.
func ours[K, V, KO, W any](t *Table[K, V], c *operator.Call, o *Table[KO, W]) bool {
	switch {
	case o == nil:
		c.Errorf("the other table is nil: give a table of this Builder")
		return false
	case o.t.G != t.t.G:
		c.Errorf("the other table is of another topology: tables of one Builder can be joined")
		return false
	}
	return true
}

// stored keeps a derived table's rows under the call's name.
func stored[K, V any](c *operator.Call, d graph.Table[K, V]) *Table[K, V] {
	return &Table[K, V]{operator.AddStored(c, d)}
}

// side is one input of a join: each of its changes looks the other side's row up.
func side[K, V, W, R any](c *operator.Call, op string, t graph.Table[K, V], other graph.View[K, W], join func(V, W) R) *graph.Node {
	nilable := store.Nilable[R]()
	present := func(r R) (R, bool) { return r, !nilable || !store.IsNil(&r) }
	return graph.Add(c.G, graph.Spec{Op: op, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{t.Node}, Stores: nil, OldFrom: []*graph.Node{t.Node}},
		func(ctx *graph.Context, n *graph.Node, next func(*graph.Change[K, R]) error) (func(*graph.Change[K, V]) error, error) {
			get, err := other.Open(ctx)
			if err != nil {
				return nil, err
			}
			var o graph.Change[K, R]
			return func(ch *graph.Change[K, V]) error {
				w, ts, ok, err := get(ch.Key)
				if err != nil || !ok {
					return err
				}
				o = graph.Change[K, R]{Key: ch.Key, Timestamp: max(ch.Timestamp, ts), Headers: ch.Headers}
				if ch.HasNew {
					o.New, o.HasNew = present(join(ch.New, w))
				}
				if n.SendsOld() && ch.HasOld {
					o.Old, o.HasOld = present(join(ch.Old, w))
				}
				return next(&o)
			}, nil
		}).Using(other.Stores)
}

func joinView[K, V, W, R any](left graph.View[K, V], right graph.View[K, W], join func(V, W) R) func() graph.View[K, R] {
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
				return func(k K) (r R, ts int64, ok bool, err error) {
					v, ts1, ok, err := getL(k)
					if err != nil || !ok {
						return r, 0, false, err
					}
					w, ts2, ok, err := getR(k)
					if err != nil || !ok {
						return r, 0, false, err
					}
					r = join(v, w)
					return r, max(ts1, ts2), !nilable || !store.IsNil(&r), nil
				}, nil
			},
		}
	}
}
