package stream

import (
	"iter"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/topology"
)

// Filter keeps the records for which keep is true.
//
// Cost: no repartition, no state. Nulls: keep sees a null value as nil; where V cannot be nil, null values are dropped
// without a call. Time and headers stay. Kafka Streams: KStream.filter.
func (s *Stream[K, V]) Filter(keep func(K, V) bool, opts ...topology.Option) *Stream[K, V] {
	return s.filter("filter", keep, true, opts)
}

// FilterNot keeps the records for which drop is false.
//
// Cost, nulls and time: see Filter. Kafka Streams: KStream.filterNot.
func (s *Stream[K, V]) FilterNot(drop func(K, V) bool, opts ...topology.Option) *Stream[K, V] {
	return s.filter("filter-not", drop, false, opts)
}

func (s *Stream[K, V]) filter(op string, f func(K, V) bool, want bool, opts []topology.Option) *Stream[K, V] {
	c := s.call(op, opts)
	c.Check(f == nil, "predicate")
	hide := hides[V]()
	return s.keep(add(s, c, nil, func(_ *graph.Context, _ *graph.Node, next func(*graph.Record[K, V]) error) (func(*graph.Record[K, V]) error, error) {
		return func(r *graph.Record[K, V]) error {
			if r.Null && hide || f(r.Key, r.Value) != want {
				return nil
			}
			return next(r)
		}, nil
	}))
}

// MapValues gives each record another value.
//
// Cost: no repartition, no state: the key stays. Nulls: f sees a null value as nil; where V cannot be nil, nulls stay
// null, without a call. A nil R is a null. Time and headers stay. Kafka Streams: KStream.mapValues.
func (s *Stream[K, V]) MapValues[R any](f func(V) R, opts ...topology.Option) *Stream[K, R] {
	c := s.call("map-values", opts)
	c.Check(f == nil, "mapper")
	return mapValues(s, c, func(_ K, v V) R { return f(v) })
}

// MapValuesWithKey is MapValues with the key to look at. The key must not be changed through a pointer.
//
// Cost, nulls and time: see MapValues. Kafka Streams: KStream.mapValues with a ValueMapperWithKey (KIP-149).
func (s *Stream[K, V]) MapValuesWithKey[R any](f func(K, V) R, opts ...topology.Option) *Stream[K, R] {
	c := s.call("map-values", opts)
	c.Check(f == nil, "mapper")
	return mapValues(s, c, f)
}

func mapValues[K, V, R any](s *Stream[K, V], c *operator.Call, f func(K, V) R) *Stream[K, R] {
	hide, nilable := hides[V](), store.Nilable[R]()
	n := add(s, c, nil, func(_ *graph.Context, _ *graph.Node, next func(*graph.Record[K, R]) error) (func(*graph.Record[K, V]) error, error) {
		var o graph.Record[K, R]
		return func(r *graph.Record[K, V]) error {
			o = graph.Record[K, R]{Key: r.Key, NullKey: r.NullKey, Timestamp: r.Timestamp, Headers: r.Headers}
			if r.Null && hide {
				o.Null = true
				return next(&o)
			}
			o.Value = f(r.Key, r.Value)
			o.Null = nilable && store.IsNil(&o.Value)
			return next(&o)
		}, nil
	})
	return &Stream[K, R]{graph.Stream[K, R]{G: s.s.G, Node: n, Key: s.s.Key, Rekeyed: s.s.Rekeyed}}
}

// Map gives each record another key and value.
//
// Cost: no state; the key may have changed, so the next operator that groups or joins repartitions. Nulls: f sees a
// null value as nil; where V cannot be nil, null values are dropped without a call. Nil results are nulls. Time and
// headers stay. Kafka Streams: KStream.map.
func (s *Stream[K, V]) Map[K2, V2 any](f func(K, V) (K2, V2), opts ...topology.Option) *Stream[K2, V2] {
	c := s.call("map", opts)
	c.Check(f == nil, "mapper")
	hide := hides[V]()
	nilKey, nilValue := store.Nilable[K2](), store.Nilable[V2]()
	n := add(s, c, nil, func(_ *graph.Context, _ *graph.Node, next func(*graph.Record[K2, V2]) error) (func(*graph.Record[K, V]) error, error) {
		var o graph.Record[K2, V2]
		return func(r *graph.Record[K, V]) error {
			if r.Null && hide {
				return nil
			}
			o = graph.Record[K2, V2]{Timestamp: r.Timestamp, Headers: r.Headers}
			o.Key, o.Value = f(r.Key, r.Value)
			o.NullKey, o.Null = nilKey && store.IsNil(&o.Key), nilValue && store.IsNil(&o.Value)
			return next(&o)
		}, nil
	})
	return &Stream[K2, V2]{graph.Stream[K2, V2]{G: s.s.G, Node: n, Rekeyed: true}}
}

// SelectKey gives each record another key.
//
// Cost: no state; the next operator that groups or joins repartitions. The value's bytes are passed on as they are.
// Nulls: see Map; a nil key is a null. Time and headers stay. Kafka Streams: KStream.selectKey.
func (s *Stream[K, V]) SelectKey[K2 any](f func(K, V) K2, opts ...topology.Option) *Stream[K2, V] {
	c := s.call("select-key", opts)
	c.Check(f == nil, "key selector")
	return selectKey(s, c, f)
}

func selectKey[K, V, K2 any](s *Stream[K, V], c *operator.Call, f func(K, V) K2) *Stream[K2, V] {
	hide, nilable := hides[V](), store.Nilable[K2]()
	n := add(s, c, nil, func(_ *graph.Context, _ *graph.Node, next func(*graph.Record[K2, V]) error) (func(*graph.Record[K, V]) error, error) {
		var o graph.Record[K2, V]
		return func(r *graph.Record[K, V]) error {
			if r.Null && hide {
				return nil
			}
			// Field by field: as a whole it would be made elsewhere first, and copied with the collector's barriers.
			o.Key, o.Value = f(r.Key, r.Value), r.Value
			o.NullKey, o.Null, o.Timestamp, o.Headers, o.Raw = nilable && store.IsNil(&o.Key), r.Null, r.Timestamp, r.Headers, r.Raw
			return next(&o)
		}, nil
	})
	return &Stream[K2, V]{graph.Stream[K2, V]{G: s.s.G, Node: n, Value: s.s.Value, Rekeyed: true}}
}

// FlatMap gives any number of records for one, in order; f may return nil for none.
//
// Cost: no state; the next operator that groups or joins repartitions. Nulls: see Map. Each record has the time and
// headers of the one that it came from. Kafka Streams: KStream.flatMap.
func (s *Stream[K, V]) FlatMap[K2, V2 any](f func(K, V) iter.Seq2[K2, V2], opts ...topology.Option) *Stream[K2, V2] {
	c := s.call("flat-map", opts)
	c.Check(f == nil, "mapper")
	hide := hides[V]()
	nilKey, nilValue := store.Nilable[K2](), store.Nilable[V2]()
	n := add(s, c, nil, func(_ *graph.Context, _ *graph.Node, next func(*graph.Record[K2, V2]) error) (func(*graph.Record[K, V]) error, error) {
		var o graph.Record[K2, V2]
		return func(r *graph.Record[K, V]) error {
			if r.Null && hide {
				return nil
			}
			seq := f(r.Key, r.Value)
			if seq == nil {
				return nil
			}
			for k, v := range seq {
				o = graph.Record[K2, V2]{Key: k, Value: v, Timestamp: r.Timestamp, Headers: r.Headers}
				o.NullKey, o.Null = nilKey && store.IsNil(&o.Key), nilValue && store.IsNil(&o.Value)
				if err := next(&o); err != nil {
					return err
				}
			}
			return nil
		}, nil
	})
	return &Stream[K2, V2]{graph.Stream[K2, V2]{G: s.s.G, Node: n, Rekeyed: true}}
}

// FlatMapValues gives any number of values for one, in order, under the same key.
//
// Cost: no repartition, no state. Nulls: f sees a null value as nil; where V cannot be nil, null values are dropped
// without a call. Nil elements are nulls. Each record has the time and headers of the one that it came from. Kafka
// Streams: KStream.flatMapValues.
func (s *Stream[K, V]) FlatMapValues[R any](f func(V) []R, opts ...topology.Option) *Stream[K, R] {
	c := s.call("flat-map-values", opts)
	c.Check(f == nil, "mapper")
	return flatMapValues(s, c, func(_ K, v V) []R { return f(v) })
}

// FlatMapValuesWithKey is FlatMapValues with the key to look at.
//
// Cost, nulls and time: see FlatMapValues. Kafka Streams: KStream.flatMapValues with a ValueMapperWithKey (KIP-149).
func (s *Stream[K, V]) FlatMapValuesWithKey[R any](f func(K, V) []R, opts ...topology.Option) *Stream[K, R] {
	c := s.call("flat-map-values", opts)
	c.Check(f == nil, "mapper")
	return flatMapValues(s, c, f)
}

func flatMapValues[K, V, R any](s *Stream[K, V], c *operator.Call, f func(K, V) []R) *Stream[K, R] {
	hide, nilable := hides[V](), store.Nilable[R]()
	n := add(s, c, nil, func(_ *graph.Context, _ *graph.Node, next func(*graph.Record[K, R]) error) (func(*graph.Record[K, V]) error, error) {
		var o graph.Record[K, R]
		return func(r *graph.Record[K, V]) error {
			if r.Null && hide {
				return nil
			}
			for _, v := range f(r.Key, r.Value) {
				o = graph.Record[K, R]{Key: r.Key, NullKey: r.NullKey, Value: v, Timestamp: r.Timestamp, Headers: r.Headers}
				o.Null = nilable && store.IsNil(&o.Value)
				if err := next(&o); err != nil {
					return err
				}
			}
			return nil
		}, nil
	})
	return &Stream[K, R]{graph.Stream[K, R]{G: s.s.G, Node: n, Key: s.s.Key, Rekeyed: s.s.Rekeyed}}
}

// Peek calls f with each record and passes it on. f runs again where a record is processed again, after a failure or
// inside a transaction that is aborted.
//
// Cost: no repartition, no state. Nulls: f sees a null value as nil; where V cannot be nil, it is not called for one.
// Every record passes, with its time and headers. Kafka Streams: KStream.peek.
func (s *Stream[K, V]) Peek(f func(K, V), opts ...topology.Option) *Stream[K, V] {
	c := s.call("peek", opts)
	c.Check(f == nil, "callback")
	hide := hides[V]()
	return s.keep(add(s, c, nil, func(_ *graph.Context, _ *graph.Node, next func(*graph.Record[K, V]) error) (func(*graph.Record[K, V]) error, error) {
		return func(r *graph.Record[K, V]) error {
			if !r.Null || !hide {
				f(r.Key, r.Value)
			}
			return next(r)
		}, nil
	}))
}

// ForEach calls f with each record and ends the stream. f may run again: see Peek.
//
// Cost and nulls: see Peek. Kafka Streams: KStream.foreach.
func (s *Stream[K, V]) ForEach(f func(K, V), opts ...topology.Option) {
	c := s.call("for-each", opts)
	c.Check(f == nil, "callback")
	hide := hides[V]()
	graph.Add(c.G, graph.Spec{Op: "for-each", Name: c.Name, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{s.s.Node}},
		func(_ *graph.Context, _ *graph.Node, _ func(*struct{}) error) (func(*graph.Record[K, V]) error, error) {
			return func(r *graph.Record[K, V]) error {
				if !r.Null || !hide {
					f(r.Key, r.Value)
				}
				return nil
			}, nil
		})
}
