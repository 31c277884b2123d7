package stream

import (
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/topology"
)

// AssumePartitioned says that the records of each key are in one partition already, though the key has changed, so that the next
// operator that groups or joins does not send them through a repartition topic. It holds, for one, where the new key is made of the
// old one and more (a plate, then plate and well), or where the old key is a function of the new one: what is equal by the new key
// was equal by the old one then.
//
// Nothing checks it. Where it is not so, an aggregation has one row for a key in each partition that its records are in, each of
// them with a part of the result, and all of them publish theirs under the one key; and a join misses what lies in another
// partition. Joins and look-ups from outside have a demand of their own: they go to the partition that the key's bytes hash to, so
// that a stream that is partitioned by an older key can be aggregated, but not joined with a topic that is partitioned by the new one.
//
// Cost: none. The key's serde is the stock one of K, or the one given by topology.WithKeySerde. Nulls: records whose key is null,
// which do not pass a repartition, go on to the next operator. Time and headers stay. Kafka Streams has none; KIP-759 proposes
// KStream.markAsPartitioned.
func (s *Stream[K, V]) AssumePartitioned(opts ...topology.Option) *Stream[K, V] {
	c := s.call("assume-partitioned", opts)
	out := s.s
	out.Rekeyed = false
	if c.KeySerde != nil {
		out.Key = operator.Key(c, out.Key)
	}
	return &Stream[K, V]{out}
}
