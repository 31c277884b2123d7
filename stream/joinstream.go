package stream

import (
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// JoinStream puts together the records of both streams that have one key and times within the window of each other: a result for
// each such pair, when the later one to come is processed. A stream may be joined with itself.
//
// Cost: two stores and their changelogs, named after topology.As with -left and -right. Every record is written to its side's
// store, where it stays for the window's length plus the grace, and looks its partners up in the other's: one range scan, and one
// decoding for each partner. A side whose key has changed is repartitioned, through a topic of the same name as its store; the
// topics of both sides need equally many partitions. Nulls: records whose key or value is null are dropped and counted; a nil R
// is a null. Time: a result has the later time of the two, and the headers of the record that came last. A record that is late
// finds the partners that are still kept: those less than the window's length plus the grace behind the latest record of their own
// side. One that is too late to be kept itself is counted as dropped, though it may find partners. (A store on disk keeps
// records by whole segments, at least a minute long, one in memory by their own time.) Kafka Streams: KStream.join with a
// KStream and JoinWindows.
func (s *Stream[K, V]) JoinStream[W, R any](o *Stream[K, W], w window.JoinWindow, join func(V, W) R, opts ...topology.Option) *Stream[K, R] {
	c := s.call("join-stream", opts)
	c.Check(join == nil, "joiner")
	return joinStreams(c, s, o, w, keepNone, func(v V, _ bool, w W, _ bool) R { return join(v, w) })
}

// LeftJoinStream is JoinStream that keeps the left records that find no partner: ok is false for them. Such a record waits until no
// partner can come in time, that is until stream time, the latest time of a record of either side, has passed its own time plus the
// window's after and grace. So it is given once, and only if no partner came.
//
// Cost: see JoinStream; and a store with its changelog, named with -unmatched, for the left records that wait, and a look-up in it
// for each pair. Nulls: a left record without a key has no partner and is given at once, also after a repartition; other records
// whose key or value is null are dropped and counted. Time: a record without a partner has its own time, though stream time has
// passed it, and the headers of the record that moved stream time on. It takes such a record: while the input pauses, what
// waits is not given. Kafka Streams: KStream.leftJoin (KIP-633, KAFKA-10847, KIP-962), without its pause of a second of
// wall-clock time between two looks at what waits.
//
// What waits is given by time, then by the key's bytes. It is Kafka Streams' order, as are two things that one might not expect.
// A left record that is so late that its window, without the grace, is over is given at once if it finds no partner, though one may
// still come. And what waits is looked through again when the youngest that waited the last time may be given, so that a result
// may come as much later as the window and the grace are long.
func (s *Stream[K, V]) LeftJoinStream[W, R any](o *Stream[K, W], w window.JoinWindow, join func(v V, w W, ok bool) R, opts ...topology.Option) *Stream[K, R] {
	c := s.call("left-join-stream", opts)
	c.Check(join == nil, "joiner")
	return joinStreams(c, s, o, w, keepLeft, func(v V, _ bool, w W, ok bool) R { return join(v, w, ok) })
}

// OuterJoinStream is LeftJoinStream that keeps the records of both sides that find no partner; okV and okW say which sides
// there are, at least one of them.
//
// Cost, nulls and time: see LeftJoinStream; a right record waits until stream time has passed its own time plus the window's before
// and grace. Of records of one time that wait, the right ones are given first. Kafka Streams: KStream.outerJoin.
func (s *Stream[K, V]) OuterJoinStream[W, R any](o *Stream[K, W], w window.JoinWindow, join func(v V, okV bool, w W, okW bool) R, opts ...topology.Option) *Stream[K, R] {
	c := s.call("outer-join-stream", opts)
	c.Check(join == nil, "joiner")
	return joinStreams(c, s, o, w, keepBoth, join)
}

// keep says which sides' records are results where they find no partner.
type keep uint8

const (
	keepLeft keep = 1 << iota
	keepRight
	keepNone keep = 0
	keepBoth      = keepLeft | keepRight
)

// joiner makes a result of a record of each side, each with whether it is there.
type joiner[V, W, R any] func(V, bool, W, bool) R

// joinable reports whether two streams can be joined, and notes an error if they cannot.
func joinable[K, V, W any](c *operator.Call, s *Stream[K, V], o *Stream[K, W], w window.JoinWindow) bool {
	if err := w.Err(); err != nil {
		c.Errorf("%w", err)
	}
	switch {
	case o == nil:
		c.Errorf("the other stream is nil: give a stream of this Builder")
		return false
	case o.s.G != s.s.G:
		c.Errorf("the other stream is of another topology: streams of one Builder can be joined")
		return false
	}
	return true
}
