package operator

import (
	"errors"
	"fmt"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
)

// AddSource adds a node that decodes the records of a topic.
func AddSource[K, V any](c *Call, t *graph.Topic, ks serde.Serde[K], vs serde.Serde[V]) *graph.Node {
	extract, ok := c.Extractor.(func(K, V, int64, int64) int64)
	if c.Extractor != nil && !ok {
		c.Errorf("the timestamp extractor is a %T, not one for the topic's types: give a %T", c.Extractor, extract)
	}
	if at := t.ReadAt(); at != "" {
		c.Errorf("topic %q is read at %s already: use that stream twice instead", t.Name, at)
	}
	n := graph.Add(c.G, graph.Spec{Op: "source", Name: c.nameOf(t), At: c.At, Kind: graph.SourceNode, Topic: t},
		func(_ *graph.Context, _ *graph.Node, next func(*graph.Record[K, V]) error) (func(*graph.Source) error, error) {
			return func(s *graph.Source) error {
				s.Process = decode(ks, vs, next)
				if extract != nil {
					s.Time = extractor(ks, vs, extract)
				}
				return nil
			}, nil
		})
	RoundTrip[K](n, vs)
	return n
}

// nameOf names a source of a user's topic after the topic's name alone where the user named something else (a store).
func (c *Call) nameOf(t *graph.Topic) string {
	if t.Role == graph.UserTopic && c.Op == "stream.From" {
		return c.Name
	}
	return ""
}

// decode makes the func that hands records on. (Inlined, its closure would be compiled at each call.)
//
//go:noinline
func decode[K, V any](ks serde.Serde[K], vs serde.Serde[V], next func(*graph.Record[K, V]) error) func(*graph.Raw) error {
	key, value := serde.Viewing(ks), serde.Viewing(vs)
	var (
		r   graph.Record[K, V]
		noK K
		noV V
	)
	return func(x *graph.Raw) error {
		// Field by field: to assign the whole would write key and value twice, with the collector's barriers.
		r.NullKey, r.Null, r.Timestamp, r.Headers, r.Raw = x.Key == nil, x.Value == nil, x.Timestamp, x.Headers, x.Value
		var err error
		if r.NullKey {
			r.Key = noK
		} else if err = key(x.Key, &r.Key); err != nil {
			return undecoded("key", err)
		}
		if r.Null {
			r.Value = noV
		} else if err = value(x.Value, &r.Value); err != nil {
			return undecoded("value", err)
		}
		return next(&r)
	}
}

func undecoded(part string, err error) error { return &graph.DecodeError{Part: part, Err: err} }

func extractor[K, V any](ks serde.Serde[K], vs serde.Serde[V], f func(K, V, int64, int64) int64) func(*graph.Raw, int64) (int64, error) {
	var partitionTime, ts int64
	extract := decode(ks, vs, func(r *graph.Record[K, V]) error {
		ts = f(r.Key, r.Value, r.Timestamp, partitionTime)
		return nil
	})
	return func(x *graph.Raw, now int64) (int64, error) {
		partitionTime, ts = now, 0
		err := extract(x)
		return ts, err
	}
}

// AddSink adds a node that encodes records to a topic. inherited is the serde that Record.Raw is in: where it is vs, the
// bytes of an unchanged value are passed on. With dropNullKeys, records that have none are left out, uncounted, as
// repartitioning does in Kafka Streams, unless they are wanted downstream (graph.KeepNullKeys).
func AddSink[K, V any](c *Call, op string, parent *graph.Node, t *graph.Topic, ks serde.Serde[K], vs, inherited serde.Serde[V], dropNullKeys bool) *graph.Node {
	name := ""
	if op == "to" {
		name = c.Name
	}
	choose := partitioner[K, V](c)
	return graph.Add(c.G, graph.Spec{Op: op, Name: name, At: c.At, Kind: graph.SinkNode, Topic: t, Parents: []*graph.Node{parent}},
		func(ctx *graph.Context, n *graph.Node, _ func(*struct{}) error) (func(*graph.Record[K, V]) error, error) {
			enc := newEncoder(ks, vs, inherited)
			out, err := newRoute(ctx, n, t, enc.part)
			if err != nil {
				return nil, err
			}
			drop := dropNullKeys && !c.G.NullKeysWanted(n)
			if choose != nil {
				return chosen(enc, out, choose, drop), nil
			}
			return func(r *graph.Record[K, V]) error {
				if r.NullKey && drop {
					return nil
				}
				return out.emit(enc.encode(&out.e, r))
			}, nil
		})
}

// encoder turns records into effects; its buffers are used again.
type encoder[K, V any] struct {
	ks     serde.Serde[K]
	vs     serde.Serde[V]
	pass   bool
	part   serde.Partitioned
	kb, vb []byte
}

func newEncoder[K, V any](ks serde.Serde[K], vs, inherited serde.Serde[V]) *encoder[K, V] {
	part, _ := ks.(serde.Partitioned)
	return &encoder[K, V]{ks: ks, vs: vs, pass: serde.Equal(vs, inherited), part: part, kb: make([]byte, 0, 64), vb: make([]byte, 0, 256)}
}

func (x *encoder[K, V]) encode(e *graph.Effect, r *graph.Record[K, V]) error {
	e.Key, e.Value, e.Headers, e.Timestamp = nil, nil, r.Headers, r.Timestamp
	var err error
	if !r.NullKey {
		if x.kb, err = x.ks.Append(x.kb[:0], r.Key); err != nil {
			return unencoded("key", err)
		}
		e.Key = x.kb
	}
	switch {
	case r.Null:
	case x.pass && r.Raw != nil:
		e.Value = r.Raw
	default:
		if x.vb, err = x.vs.Append(x.vb[:0], r.Value); err != nil {
			return unencoded("value", err)
		}
		e.Value = x.vb
	}
	return nil
}

func unencoded(part string, err error) error {
	return fmt.Errorf("the %s does not encode: %w", part, err)
}

var errNoTopic = errors.New("the record was given no topic: return a topic's name for every record, and filter those out that go nowhere")

// AddDynamicSink adds a node that sends each record to the topic that choose names.
func AddDynamicSink[K, V any](c *Call, parent *graph.Node, ks serde.Serde[K], vs, inherited serde.Serde[V],
	choose func(ctx *graph.Context, r *graph.Record[K, V]) string,
) *graph.Node {
	place := partitioner[K, V](c)
	t := &graph.Topic{Dynamic: true}
	c.G.Topics = append(c.G.Topics, t)
	return graph.Add(c.G, graph.Spec{Op: "to", Name: c.Name, At: c.At, Kind: graph.SinkNode, Topic: t, Parents: []*graph.Node{parent}},
		func(ctx *graph.Context, n *graph.Node, _ func(*struct{}) error) (func(*graph.Record[K, V]) error, error) {
			enc := newEncoder(ks, vs, inherited)
			out := &route{ctx: ctx, n: n, part: enc.part}
			send := func(r *graph.Record[K, V]) error { return out.emit(enc.encode(&out.e, r)) }
			if place != nil {
				send = chosen(enc, out, place, false)
			}
			return func(r *graph.Record[K, V]) error {
				if err := out.to(choose(ctx, r)); err != nil {
					return err
				}
				return send(r)
			}, nil
		})
}
