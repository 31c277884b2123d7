package table

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/topology"
)

// ForeignKeyJoin joins each row of t with the row of o whose key is key(row). The result has t's keys. It is updated
// when either side changes, in whatever order the two arrive: a row that waits for its partner is joined when that
// comes. key and join must be pure.
//
// A row subscribes to its foreign key through an internal topic, and what it subscribed to comes back through another.
// An answer counts only while the row is the version that asked; versions are counted, so no serde needs to be
// deterministic (Kafka Streams compares a hash of the encoded row).
//
// Cost: two internal topics (named after the join, topology.As) and two stores: t's rows with their versions, and the
// subscriptions; o is kept in a store. Nulls: a nil key, of a KO that can be nil, joins nothing, deletes the result that the
// row had, and is counted as dropped; a row of o that encodes to no bytes, such as "", joins nothing either, as in Kafka
// Streams; a nil R deletes the result. A delete may be told of a result that there was not: where the foreign key changed
// and neither the old nor the new one has a row. The result's timestamp is the later of the two rows'; of the right row
// alone where that changed. Kafka Streams: KTable.join with a foreign key (KIP-213).
func (t *Table[K, V]) ForeignKeyJoin[KO, W, R any](o *Table[KO, W], key func(V) KO, join func(V, W) R, opts ...topology.Option) *Table[K, R] {
	c := operator.NewCall(t.t.G, "foreign-key-join", opts)
	c.Check(key == nil, "foreign key extractor")
	c.Check(join == nil, "joiner")
	return joinForeign(t, c, o, false, func(_ K, v V) KO { return key(v) }, func(v V, w W, _ bool) R { return join(v, w) })
}

// ForeignKeyJoinWithKey is ForeignKeyJoin with the row's key to look at, too. The key must not be changed through a pointer.
//
// Cost, nulls and time: see ForeignKeyJoin. Kafka Streams: KTable.join with a foreign key of key and value (KIP-1104).
func (t *Table[K, V]) ForeignKeyJoinWithKey[KO, W, R any](o *Table[KO, W], key func(K, V) KO, join func(V, W) R, opts ...topology.Option) *Table[K, R] {
	c := operator.NewCall(t.t.G, "foreign-key-join", opts)
	c.Check(key == nil, "foreign key extractor")
	c.Check(join == nil, "joiner")
	return joinForeign(t, c, o, false, key, func(v V, w W, _ bool) R { return join(v, w) })
}

// LeftForeignKeyJoin is ForeignKeyJoin that keeps the rows of t without a row of o: ok is false for them.
//
// Cost and time: see ForeignKeyJoin. Nulls: a nil key, of a KO that can be nil, joins nothing: ok is false, and nothing is
// counted as dropped. A row of o that encodes to no bytes is as none. A result goes when its row of t does; a nil R deletes
// it. Kafka Streams: KTable.leftJoin with a foreign key (KIP-213, KIP-962).
func (t *Table[K, V]) LeftForeignKeyJoin[KO, W, R any](o *Table[KO, W], key func(V) KO, join func(v V, w W, ok bool) R, opts ...topology.Option) *Table[K, R] {
	c := operator.NewCall(t.t.G, "left-foreign-key-join", opts)
	c.Check(key == nil, "foreign key extractor")
	c.Check(join == nil, "joiner")
	return joinForeign(t, c, o, true, func(_ K, v V) KO { return key(v) }, join)
}

// LeftForeignKeyJoinWithKey is LeftForeignKeyJoin with the row's key to look at, too. The key must not be changed through a
// pointer.
//
// Cost, nulls and time: see LeftForeignKeyJoin. Kafka Streams: KTable.leftJoin with a foreign key of key and value (KIP-1104).
func (t *Table[K, V]) LeftForeignKeyJoinWithKey[KO, W, R any](o *Table[KO, W], key func(K, V) KO, join func(v V, w W, ok bool) R, opts ...topology.Option) *Table[K, R] {
	c := operator.NewCall(t.t.G, "left-foreign-key-join", opts)
	c.Check(key == nil, "foreign key extractor")
	c.Check(join == nil, "joiner")
	return joinForeign(t, c, o, true, key, join)
}

func joinForeign[K, V, KO, W, R any](t *Table[K, V], c *operator.Call, o *Table[KO, W], left bool, key func(K, V) KO, join func(V, W, bool) R) *Table[K, R] {
	name := c.G.NeedName(c.At, c.Op, c.Name, "stores and internal topics")
	if !ours(t, c, o) {
		return nothing[R](t.t)
	}
	inner := &operator.Call{G: c.G, Op: c.Op, At: c.At} // the options are the result's
	f := &foreignKey[K, V, KO, W, R]{
		c: c, name: name, left: left, key: key, join: join, ks: operator.Key(inner, t.t.Key), ko: operator.Key(inner, o.t.Key),
		vs: operator.Value(inner, t.t.Value), ws: operator.Value(inner, o.t.Value),
	}
	f.asked = c.G.Topic(name+"-subscription", graph.Repartition)
	f.answered = c.G.Topic(name+"-response", graph.Response)
	f.rows = operator.KeyValueStore(inner, name+"-rows", f.ks, serde.Serde[fkRow[V]](fkRowSerde[V]{f.vs}))
	f.subs = operator.KeyValueStore(inner, name+"-subscriptions", serde.Bytes(), serde.Serde[fkSub](fkSubSerde{}))
	f.subscribe(t.t)
	f.answer(o.t)
	n := f.resolve(t.t)
	return &Table[K, R]{operator.AddTable(c, graph.Stream[K, R]{G: c.G, Node: n, Key: f.ks}, name, false)}
}

// foreignKey draws the parts of a foreign-key join: beside the left table (foreignkey_left.go), and beside the right one.
type foreignKey[K, V, KO, W, R any] struct {
	c               *operator.Call
	name            string
	left            bool // rows without a right one are results, too
	key             func(K, V) KO
	join            func(V, W, bool) R
	ks              serde.Serde[K]
	ko              serde.Serde[KO]
	vs              serde.Serde[V]
	ws              serde.Serde[W]
	rows, subs      *graph.Store
	asked, answered *graph.Topic
}
