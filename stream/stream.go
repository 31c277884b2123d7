// Package stream holds Stream: an unbounded sequence of records, and the operators on it.
//
// A [Stream] starts at a topic ([From]) or at a table's changes ([Changes], the one seam between tables and streams) and
// ends in a topic ([Stream.To]), a table ([Stream.ToTable], the aggregations of [Grouped]) or a callback
// ([Stream.ForEach]). Operators are methods; callbacks are plain functions, from which the types are inferred.
//
// # Absence
//
// A record's key or value may be null. Null is a bit on the record, never a zero value. A callback whose V is a pointer,
// an interface or a []byte sees nil for it, and gives nil to mean it. With any other V a callback that needs the value is
// not called: operators that give one record for one (MapValues, ProcessValues excepted, Merge, Repartition, ToTable, To)
// carry the null on, those that choose, expand or re-key (Filter, Map, SelectKey, FlatMap, Split, GroupBy) drop it. A null
// key of a type that cannot be nil reads as the zero K, and stays null where the key is kept.
//
// # Ownership
//
// A value that a callback was given is shared: it must not be changed. Only an aggregator may change the accumulator that
// it is given, and return it.
//
// # Time
//
// Every record carries a timestamp in milliseconds since the epoch, from its topic; operators keep it unless they say
// otherwise.
package stream

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/topology"
)

// Stream is an unbounded sequence of records. It is a description: nothing flows until the topology runs. A stream may
// be used many times; who uses it first sees each record first.
type Stream[K, V any] struct{ s graph.Stream[K, V] }

// From reads a topic. Each record's timestamp is the topic's, unless topology.Extractor says otherwise; a record with a
// negative one is dropped and counted.
//
// Cost: decodes each record once. A topic is read once per topology; a second From of it is an error. Nulls: null keys
// and values come as they are. What does not decode goes to the deserialisation error handler. Kafka Streams:
// StreamsBuilder.stream.
func From[K, V any](b *topology.Builder, t topology.Topic[K, V], opts ...topology.Option) *Stream[K, V] {
	c := operator.NewCall(b.Graph(), "stream.From", opts)
	ks, vs := operator.Key(c, t.Key), operator.Value(c, t.Value)
	gt := c.G.Topic(t.Name, graph.UserTopic)
	n := operator.AddSource(c, gt, ks, vs)
	return &Stream[K, V]{graph.Stream[K, V]{G: c.G, Node: n, Key: ks, Value: vs}}
}

// To writes the stream to a topic. The partition is Kafka's default: murmur2 of the key's bytes, and any for a null
// key. A windowed key goes where its inner key goes.
//
// Cost: encodes each record once; a value that has not changed since it was read is passed on as it came. Nulls are
// written as nulls, with the records' timestamps and headers. What does not encode goes to the processing error
// handler. Kafka Streams: KStream.to.
func (s *Stream[K, V]) To[O topology.Opt](t topology.Topic[K, V], opts ...O) {
	c := s.call("to", topology.Options(opts))
	gt := c.G.Topic(t.Name, graph.UserTopic)
	operator.AddSink(c, "to", s.s.Node, gt, operator.Key(c, t.Key), operator.Value(c, t.Value), s.s.Value, false)
}

// ToFunc writes each record to the topic that choose names; the topics must exist. Their serdes are the stream's, or
// those given as options.
//
// Cost, nulls and time: see To. choose is called for every record. Kafka Streams: KStream.to with a TopicNameExtractor
// (KIP-303).
func (s *Stream[K, V]) ToFunc[O topology.Opt](choose func(Record[K, V]) string, opts ...O) {
	c := s.call("to", topology.Options(opts))
	c.Check(choose == nil, "choice of a topic")
	operator.AddDynamicSink(c, s.s.Node, operator.Key(c, s.s.Key), operator.Value(c, s.s.Value), s.s.Value,
		func(ctx *graph.Context, r *graph.Record[K, V]) string { return choose(recordOf(ctx, r)) })
}

// Repartition sends the stream through an internal topic, so that the records of a key are in one partition. Operators
// that need it do so themselves after the key has changed; it is for Process, which does not, and to change the number
// of partitions (topology.Partitions).
//
// Cost: writes and reads each record once more; the topic is named by topology.As. Nulls: records whose key is null do
// not pass, uncounted; null values do. Time and headers stay; the order of a key's records does where they came from
// one partition. Kafka Streams: KStream.repartition (KIP-221).
func (s *Stream[K, V]) Repartition[O topology.Opt](opts ...O) *Stream[K, V] {
	c := s.call("repartition", topology.Options(opts))
	name := c.G.NeedName(c.At, c.Op, c.Name, "a repartition topic")
	return &Stream[K, V]{operator.Repartitioned(c, s.s, name)}
}

// Merge is the records of both streams, in no order but that of each.
//
// Cost: no repartition, no state. Nulls, time and headers stay. Streams with different serdes merge too; their values
// are encoded again where they are written. Kafka Streams: KStream.merge (KIP-202).
func (s *Stream[K, V]) Merge(o *Stream[K, V], opts ...topology.Option) *Stream[K, V] {
	c := s.call("merge", opts)
	switch {
	case o == nil:
		c.Errorf("the other stream is nil: give a stream of this Builder")
		return s
	case o.s.G != s.s.G:
		c.Errorf("the other stream is of another topology: streams of one Builder can be merged")
		return s
	}
	out := s.s
	out.Rekeyed = s.s.Rekeyed || o.s.Rekeyed
	same := serde.Equal(s.s.Value, o.s.Value)
	if !same {
		out.Value = nil
	}
	if !serde.Equal(s.s.Key, o.s.Key) {
		out.Key = nil
	}
	out.Node = graph.Add(c.G, graph.Spec{Op: c.Op, Name: c.Name, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{s.s.Node, o.s.Node}},
		func(_ *graph.Context, _ *graph.Node, next func(*graph.Record[K, V]) error) (func(*graph.Record[K, V]) error, error) {
			if same {
				return next, nil
			}
			var x graph.Record[K, V]
			return func(r *graph.Record[K, V]) error { // the bytes are in one of two serdes
				x = *r
				x.Raw = nil
				return next(&x)
			}, nil
		})
	return &Stream[K, V]{out}
}

func (s *Stream[K, V]) call(op string, opts []topology.Option) *operator.Call {
	return operator.NewCall(s.s.G, op, opts)
}

// add adds an operator on s.
func add[K, V, K2, V2 any](s *Stream[K, V], c *operator.Call, stores []*graph.Store,
	compile func(ctx *graph.Context, n *graph.Node, next func(*graph.Record[K2, V2]) error) (func(*graph.Record[K, V]) error, error),
) *graph.Node {
	n := graph.Add(c.G, graph.Spec{Op: c.Op, Name: c.Name, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{s.s.Node}, Stores: stores}, compile)
	operator.RoundTrip[K2, V2](n, nil)
	return n
}

// keep is the stream after an operator that keeps keys and values.
func (s *Stream[K, V]) keep(n *graph.Node) *Stream[K, V] {
	out := s.s
	out.Node = n
	if out.Value != nil {
		operator.RoundTrip[K](n, out.Value)
	}
	return &Stream[K, V]{out}
}

// hides reports whether a null V is hidden from callbacks.
func hides[V any]() bool { return !store.Nilable[V]() }
