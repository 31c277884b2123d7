package table

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
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
	return joinTables(t, c, o, keepNone, func(v V, _ bool, w W, _ bool) R { return join(v, w) })
}

// LeftJoin is the table of t's keys: of those that are not in o, too; ok is false for them. join must be pure.
//
// Cost: see Join. Nulls: a row of t that goes deletes the result; while there is none, o's changes give nothing. A
// delete of a row that t never had gives nothing, unless o has the key: then it is passed on. A nil R deletes the result.
// The result has the later of the timestamps of the rows that it is made of. Kafka Streams: KTable.leftJoin.
func (t *Table[K, V]) LeftJoin[W, R any](o *Table[K, W], join func(v V, w W, ok bool) R, opts ...topology.Option) *Table[K, R] {
	c := operator.NewCall(t.t.G, "table-left-join", opts)
	c.Check(join == nil, "joiner")
	return joinTables(t, c, o, keepLeft, func(v V, _ bool, w W, ok bool) R { return join(v, w, ok) })
}

// OuterJoin is the table of the keys that are in either table; okV and okW say which sides there are, at least one of them.
// join must be pure.
//
// Cost: see Join. Nulls: the result goes when the second side does; a delete of a row that neither table has gives
// nothing. A nil R deletes the result. Time: see LeftJoin. Kafka Streams: KTable.outerJoin.
func (t *Table[K, V]) OuterJoin[W, R any](o *Table[K, W], join func(v V, okV bool, w W, okW bool) R, opts ...topology.Option) *Table[K, R] {
	c := operator.NewCall(t.t.G, "table-outer-join", opts)
	c.Check(join == nil, "joiner")
	return joinTables(t, c, o, keepBoth, join)
}

// keep says which rows of one side appear in the result where the other side has none.
type keep uint8

const (
	keepLeft keep = 1 << iota
	keepRight
	keepNone keep = 0
	keepBoth      = keepLeft | keepRight
)

// joiner makes a result of the rows of both sides, each with whether it is there.
type joiner[V, W, R any] func(V, bool, W, bool) R

func joinTables[K, V, W, R any](t *Table[K, V], c *operator.Call, o *Table[K, W], k keep, join joiner[V, W, R]) *Table[K, R] {
	if !ours(t, c, o) {
		return nothing[R](t.t)
	}
	c.G.CoPartition(t.t.Node, o.t.Node)
	// What a side that is kept alone had before decides whether its delete is news.
	if k&keepLeft != 0 {
		t.t.Node.RequireOld()
	}
	if k&keepRight != 0 {
		o.t.Node.RequireOld()
	}
	left, right := t.t.View(), o.t.View()
	this := side(c, "join-this", t.t, right, k&keepLeft != 0, k&keepRight != 0, join)
	other := side(c, "join-other", o.t, left, k&keepRight != 0, k&keepLeft != 0, func(w W, okW bool, v V, okV bool) R { return join(v, okV, w, okW) })
	d := graph.Table[K, R]{G: c.G, Key: t.t.Key}
	d.Node = graph.Add(c.G, graph.Spec{Op: c.Op, Name: c.Name, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{this, other}, OldFrom: []*graph.Node{this, other}},
		func(_ *graph.Context, _ *graph.Node, next func(*graph.Change[K, R]) error) (func(*graph.Change[K, R]) error, error) {
			return next, nil
		})
	if c.Name != "" {
		return stored(c, d)
	}
	d.View = joinView(left, right, k, join)
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

// nothing stands in for a result that cannot be, so that building goes on and finds the other errors.
func nothing[R, K, V any](t graph.Table[K, V]) *Table[K, R] {
	return &Table[K, R]{graph.Table[K, R]{G: t.G, Node: t.Node, Key: t.Key, View: func() (v graph.View[K, R]) { return v }}}
}

// stored keeps a derived table's rows under the call's name.
func stored[K, V any](c *operator.Call, d graph.Table[K, V]) *Table[K, V] {
	return &Table[K, V]{operator.AddStored(c, d)}
}
