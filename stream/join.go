package stream

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

// JoinTable joins each record with the table's row of its key as it is when the record is processed, or, if the table is versioned
// (topology.Versioned), as it was at the record's time; records without a row are left out. topology.JoinGrace holds records
// back until rows that come late are there. Changes of the table alone give nothing: where the row may come after the record, join tables
// instead (table.Table.ForeignKeyJoin).
//
// Cost: a look-up; the table is kept in a store; a repartition if the key has changed, named by topology.As. The
// stream's and the table's topics need equally many partitions. Nulls: records whose key or value is null are dropped
// and counted; a nil R is a null. The result has the record's time and headers, whatever the row's. Kafka Streams:
// KStream.join with a KTable.
func (s *Stream[K, V]) JoinTable[W, R any](t *table.Table[K, W], join func(V, W) R, opts ...topology.Option) *Stream[K, R] {
	c := s.call("join-table", opts)
	c.Check(join == nil, "joiner")
	return joinTable(s, c, t, false, func(v V, w W, _ bool) R { return join(v, w) })
}

// LeftJoinTable is JoinTable that keeps records without a row: ok is false for them.
//
// Cost and time: see JoinTable. Nulls: a record whose key is null has no row, also after a repartition; one whose
// value is null is dropped and counted. Kafka Streams: KStream.leftJoin with a KTable (KIP-962).
func (s *Stream[K, V]) LeftJoinTable[W, R any](t *table.Table[K, W], join func(v V, w W, ok bool) R, opts ...topology.Option) *Stream[K, R] {
	c := s.call("left-join-table", opts)
	c.Check(join == nil, "joiner")
	return joinTable(s, c, t, true, join)
}

func joinTable[K, V, W, R any](s *Stream[K, V], c *operator.Call, t *table.Table[K, W], left bool, join func(V, W, bool) R) *Stream[K, R] {
	if !ours(s, c, t) {
		return &Stream[K, R]{graph.Stream[K, R]{G: s.s.G, Node: s.s.Node, Key: s.s.Key}}
	}
	in := operator.Through(c, s.s, c.Name)
	parts := t.Parts()
	view := parts.View()
	c.G.CoPartition(in.Node, parts.Node)
	late := newGrace(c, in, parts.History)
	stores := view.Stores
	if late != nil {
		stores = append(append([]*graph.Store(nil), stores...), late.store)
	}
	name := c.Name
	if in.Node != s.s.Node {
		name = "" // the repartition topic has it
	}
	nilable := store.Nilable[R]()
	n := graph.Add(c.G, graph.Spec{Op: c.Op, Name: name, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{in.Node}, Stores: stores},
		func(ctx *graph.Context, n *graph.Node, next func(*graph.Record[K, R]) error) (func(*graph.Record[K, V]) error, error) {
			get, getAt, err := openRows(ctx, view)
			if err != nil {
				return nil, err
			}
			var o graph.Record[K, R]
			one := func(r *graph.Record[K, V]) error {
				var w W
				var ok bool
				var err error
				switch {
				case r.NullKey:
				case getAt != nil:
					w, _, ok, err = getAt(r.Key, r.Timestamp)
				default:
					w, _, ok, err = get(r.Key)
				}
				if err != nil {
					return err
				}
				if !ok && !left {
					return nil
				}
				o = graph.Record[K, R]{Key: r.Key, NullKey: r.NullKey, Value: join(r.Value, w, ok), Timestamp: r.Timestamp, Headers: r.Headers}
				o.Null = nilable && store.IsNil(&o.Value)
				return next(&o)
			}
			if late != nil {
				if one, err = late.compile(ctx, n, one); err != nil {
					return nil, err
				}
			}
			return func(r *graph.Record[K, V]) error {
				if r.Null || r.NullKey && !left {
					ctx.Skip(n, "null key or value")
					return nil
				}
				return one(r)
			}, nil
		})
	if left {
		c.G.KeepNullKeys(n)
	}
	operator.RoundTrip[K, R](n, nil)
	return &Stream[K, R]{graph.Stream[K, R]{G: s.s.G, Node: n, Key: in.Key, Rekeyed: in.Rekeyed}}
}

// openRows opens a table for look-ups: of the row as it is, or, if the table is versioned, as it was at a time.
func openRows[K, W any](ctx *graph.Context, view graph.View[K, W]) (get graph.Lookup[K, W], getAt graph.LookupAt[K, W], err error) {
	if view.OpenAt != nil {
		getAt, err = view.OpenAt(ctx)
		return nil, getAt, err
	}
	get, err = view.Open(ctx)
	return get, nil, err
}

// ours reports whether a table can be joined, and notes an error if it cannot.
func ours[K, V, W any](s *Stream[K, V], c *operator.Call, t *table.Table[K, W]) bool {
	switch {
	case t == nil:
		c.Errorf("the table is nil: give a table of this Builder")
		return false
	case t.Parts().G != s.s.G:
		c.Errorf("the table is of another topology: a stream and a table of one Builder can be joined")
		return false
	}
	return true
}

// Changes is the stream of a table's updates. It is the one seam between tables and streams.
//
// Cost: none. Nulls: a delete is a null value. Each record has the row's timestamp and the headers of the record that
// changed it; sessions have none. Kafka Streams: KTable.toStream.
func Changes[K, V any](t *table.Table[K, V], opts ...topology.Option) *Stream[K, V] {
	parts := t.Parts()
	c := operator.NewCall(parts.G, "changes", opts)
	return &Stream[K, V]{graph.Stream[K, V]{G: parts.G, Node: table.Records(t, c), Key: parts.Key, Value: parts.Value}}
}

// ToTable keeps the latest value of each key: the one that came last, whatever its time.
//
// Cost: a store and its changelog if it is named, looked up or asked for old values; a repartition if the key has
// changed. Both have the name given by topology.As. Nulls: records whose key is null are dropped and counted; a null
// value deletes. Rows have the records' time. Kafka Streams: KStream.toTable (KIP-523).
func (s *Stream[K, V]) ToTable[O topology.Opt](opts ...O) *table.Table[K, V] {
	c := s.call("to-table", topology.Options(opts))
	in := operator.Through(c, s.s, c.Name)
	return table.Of(operator.AddTable(c, in, c.Name, c.Name != ""))
}
