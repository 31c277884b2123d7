package stream

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

// JoinGlobal joins each record with the row of a global table that key names, as it is when the record is processed; records
// without a row are left out. Changes of the table alone give nothing. The result keeps the stream's key.
//
// Cost: a look-up; no repartition, and the topics may have any partition counts. Nulls: a record whose value is null, or for
// which key gives nil, of a KO that can be nil, is dropped and counted; a null key of the stream is no reason, and key sees it
// as nil, or as the zero K. A nil R is a null. The result has the record's time and headers. Kafka Streams: KStream.join with a
// GlobalKTable (KIP-99).
func (s *Stream[K, V]) JoinGlobal[KO, W, R any](t *table.Global[KO, W], key func(K, V) KO, join func(V, W) R, opts ...topology.Option) *Stream[K, R] {
	c := s.call("join-global", opts)
	c.Check(key == nil, "key selector")
	c.Check(join == nil, "joiner")
	return joinGlobal(s, c, t, key, false, func(v V, w W, _ bool) R { return join(v, w) })
}

// LeftJoinGlobal is JoinGlobal that keeps records without a row, and those for which key gives nil: ok is false for them.
//
// Cost and time: see JoinGlobal. Nulls: a record whose value is null is dropped and counted. Kafka Streams:
// KStream.leftJoin with a GlobalKTable (KIP-99, KIP-962).
func (s *Stream[K, V]) LeftJoinGlobal[KO, W, R any](t *table.Global[KO, W], key func(K, V) KO, join func(v V, w W, ok bool) R, opts ...topology.Option) *Stream[K, R] {
	c := s.call("left-join-global", opts)
	c.Check(key == nil, "key selector")
	c.Check(join == nil, "joiner")
	return joinGlobal(s, c, t, key, true, join)
}

func joinGlobal[K, V, KO, W, R any](s *Stream[K, V], c *operator.Call, t *table.Global[KO, W], key func(K, V) KO, left bool, join func(V, W, bool) R) *Stream[K, R] {
	switch {
	case t == nil:
		c.Errorf("the global table is nil: give one of this Builder")
		return &Stream[K, R]{graph.Stream[K, R]{G: s.s.G, Node: s.s.Node, Key: s.s.Key}}
	case t.Graph() != s.s.G:
		c.Errorf("the global table is of another topology: a stream and a global table of one Builder can be joined")
	}
	view := t.View()
	nilKey, nilable := store.Nilable[KO](), store.Nilable[R]()
	n := add(s, c, nil, func(ctx *graph.Context, n *graph.Node, next func(*graph.Record[K, R]) error) (func(*graph.Record[K, V]) error, error) {
		get, err := view.Open(ctx)
		if err != nil {
			return nil, err
		}
		var o graph.Record[K, R]
		return func(r *graph.Record[K, V]) error {
			if r.Null {
				ctx.Skip(n, "null value")
				return nil
			}
			var w W
			var ok bool
			k := key(r.Key, r.Value)
			switch null := nilKey && store.IsNil(&k); {
			case !null:
				var err error
				if w, _, ok, err = get(k); err != nil {
					return err
				}
			case !left:
				ctx.Skip(n, "null key of the global table")
				return nil
			}
			if !ok && !left {
				return nil
			}
			o = graph.Record[K, R]{Key: r.Key, NullKey: r.NullKey, Value: join(r.Value, w, ok), Timestamp: r.Timestamp, Headers: r.Headers}
			o.Null = nilable && store.IsNil(&o.Value)
			return next(&o)
		}, nil
	})
	t.ReadBy(n)
	if left {
		c.G.KeepNullKeys(n)
	}
	return &Stream[K, R]{graph.Stream[K, R]{G: s.s.G, Node: n, Key: s.s.Key, Rekeyed: s.s.Rekeyed}}
}
