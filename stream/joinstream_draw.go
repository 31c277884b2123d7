package stream

import (
	"reflect"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/window"
)

// meeting is a join of two streams in the graph, without its types.
type meeting struct {
	window      window.JoinWindow
	keep        keep
	left, right *graph.Store
	unmatched   *graph.Store // nil in an inner join
}

// joinStreams draws a join: a node for each side and one that both lead to.
func joinStreams[K, V, W, R any](c *operator.Call, s *Stream[K, V], o *Stream[K, W], w window.JoinWindow, k keep, join joiner[V, W, R]) *Stream[K, R] {
	if !joinable(c, s, o, w) {
		return &Stream[K, R]{graph.Stream[K, R]{G: c.G, Node: s.s.Node, Key: s.s.Key}}
	}
	name := c.G.NeedName(c.At, c.Op, c.Name, "stores")
	lc, rc := sideCalls[V, W](c)
	left, right := operator.Through(lc, s.s, name+"-left"), operator.Through(rc, o.s, name+"-right")
	c.G.CoPartition(left.Node, right.Node)
	m := newMeeting(c, name, w, k)
	keys := operator.Key(c, left.Key)
	vs, ws := operator.Value(lc, left.Value), operator.Value(rc, right.Value)
	mirrored := func(w W, okW bool, v V, okV bool) R { return join(v, okV, w, okW) }
	this := addSide(c, m, true, left, keys, vs, ws, join)
	other := addSide(c, m, false, right, keys, ws, vs, mirrored)
	n := graph.Add(c.G, graph.Spec{Op: c.Op, Name: c.Name, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{this, other}},
		func(_ *graph.Context, _ *graph.Node, next func(*graph.Record[K, R]) error) (func(*graph.Record[K, R]) error, error) {
			return next, nil
		})
	operator.RoundTrip[K, R](n, nil)
	return &Stream[K, R]{graph.Stream[K, R]{G: c.G, Node: n, Key: left.Key}}
}

// sideCalls are the call as it is for each side: a value serde that was given is that of the side, or the sides, whose type it has.
func sideCalls[V, W any](c *operator.Call) (left, right *operator.Call) {
	l, r := *c, *c
	_, ofLeft := c.ValueSerde.(serde.Serde[V])
	_, ofRight := c.ValueSerde.(serde.Serde[W])
	if !ofLeft {
		l.ValueSerde = nil
	}
	if !ofRight {
		r.ValueSerde = nil
	}
	if c.ValueSerde != nil && !ofLeft && !ofRight {
		c.Errorf("the value serde given is a %T, which is none for %s nor for %s: give one for the values of either stream, or leave the option out",
			c.ValueSerde, reflect.TypeFor[V](), reflect.TypeFor[W]())
	}
	return &l, &r
}

// newMeeting adds the stores of a join.
func newMeeting(c *operator.Call, name string, w window.JoinWindow, k keep) *meeting {
	if c.Retention != 0 {
		c.Errorf("how long a join keeps records is said by its window and grace: leave topology.Retention out")
	}
	with := *c
	with.Retention, with.EmitOnCommit = 0, false // a join has no rows that are told of at a commit
	retention := w.Retention()
	buffer := func(name string) *graph.Store {
		st := with.NewStore(name, "join", max(1, retention))
		st.Make = func(ctx *graph.Context, st *graph.Store, d db.DB, prefix []byte) (graph.TaskStore, error) {
			return store.NewJoinBuffer(ctx, st, d, prefix, retention), nil
		}
		return st
	}
	m := &meeting{window: w, keep: k, left: buffer(name + "-left"), right: buffer(name + "-right")}
	if k != keepNone {
		m.unmatched = with.NewStore(name+"-unmatched", "join", 0)
		m.unmatched.Make = func(ctx *graph.Context, st *graph.Store, d db.DB, prefix []byte) (graph.TaskStore, error) {
			return store.NewUnmatched(ctx, st, d, prefix), nil
		}
	}
	return m
}

// addSide adds the node of one side: this is its own type of values, other its partners'.
func addSide[K, This, Other, R any](
	c *operator.Call, m *meeting, left bool, in graph.Stream[K, This],
	keys serde.Serde[K], these serde.Serde[This], others serde.Serde[Other], join joiner[This, Other, R],
) *graph.Node {
	n := graph.Add(c.G, m.spec(c, left, in.Node),
		func(ctx *graph.Context, n *graph.Node, next func(*graph.Record[K, R]) error) (func(*graph.Record[K, This]) error, error) {
			x, err := m.open(ctx, n, left)
			if err != nil {
				return nil, err
			}
			return meet(x, in.Value, keys, these, others, join, next), nil
		})
	if m.keep != keepNone {
		c.G.KeepNullKeys(n)
	}
	return n
}

func (m *meeting) spec(c *operator.Call, left bool, parent *graph.Node) graph.Spec {
	op, stores := "join-right", []*graph.Store{m.left, m.right}
	if left {
		op = "join-left"
	}
	if m.unmatched != nil {
		stores = append(stores, m.unmatched)
	}
	return graph.Spec{Op: op, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{parent}, Stores: stores}
}

// open makes one side's part of a task.
func (m *meeting) open(ctx *graph.Context, n *graph.Node, left bool) (*encounter, error) {
	before, after := m.window.Bounds()
	x := &encounter{
		ctx: ctx, node: n, left: left, back: before, ahead: after, grace: m.window.Grace(),
		keep: m.keep&keepRight != 0, reach: [2]int64{before + m.window.Grace(), after + m.window.Grace()},
	}
	own, other := m.right, m.left
	if left {
		own, other, x.keep = m.left, m.right, m.keep&keepLeft != 0
	} else {
		x.back, x.ahead = after, before
	}
	var err error
	if x.own, err = graph.OpenStore[*store.JoinBuffer](ctx, own); err != nil {
		return nil, err
	}
	if x.other, err = graph.OpenStore[*store.JoinBuffer](ctx, other); err != nil {
		return nil, err
	}
	if m.unmatched != nil {
		x.waiting, err = graph.OpenStore[*store.Unmatched](ctx, m.unmatched)
	}
	return x, err
}
