package stream

import (
	"errors"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/topology"
)

// ProcessFixedKey is [Stream.Process] that keeps the keys: what is forwarded has the key of the record being processed, whatever
// its Key says, so the records stay where they are partitioned. A punctuation has no key to forward with, and forwarding in one
// is an error; punctuations may change stores.
//
// Cost: its stores and their changelogs; no repartition, here or after it. Nulls, time and headers: see Process. Kafka Streams:
// KStream.processValues of a FixedKeyProcessor (KIP-820).
func (s *Stream[K, V]) ProcessFixedKey[V2 any](init func(*Context[K, V2]) (func(Record[K, V]) error, error), opts ...topology.Option) *Stream[K, V2] {
	c := s.call("process-fixed-key", opts)
	c.Check(init == nil, "processor")
	for _, st := range c.Stores {
		c.G.AddStore(st, c.Op)
	}
	n := add(s, c, c.Stores, func(ctx *graph.Context, n *graph.Node, next func(*graph.Record[K, V2]) error) (func(*graph.Record[K, V]) error, error) {
		var now *graph.Record[K, V] // the record being processed
		keyed := func(o *graph.Record[K, V2]) error {
			if now == nil {
				return errNoKey
			}
			o.Key, o.NullKey = now.Key, now.NullKey
			return next(o)
		}
		handle, err := init(&Context[K, V2]{c: ctx, n: n, next: keyed})
		if err != nil {
			return nil, &graph.UserError{Node: n, Err: err}
		}
		return func(r *graph.Record[K, V]) error {
			now = r
			err := handle(recordOf(ctx, r))
			now = nil
			return asUserError(n, err)
		}, nil
	})
	return &Stream[K, V2]{graph.Stream[K, V2]{G: s.s.G, Node: n, Key: s.s.Key, Rekeyed: s.s.Rekeyed}}
}

var errNoKey = errors.New("stream: forwarding in a punctuation of ProcessFixedKey, which has no key: use Process, and Repartition after it if need be")
