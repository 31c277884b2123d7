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

// LeftJoinStream is JoinStream that keeps the left records that find no partner: ok is false for them. Such a record is given
// when stream time, the latest time of a record of either side, has passed its time plus the window and the grace, so it is
// given once and only if no partner came; when records come that late, it is given at once.
//
// Cost: see JoinStream; and a store with its changelog, named with -unmatched, which holds the left records while they wait: a look-up
// for each pair, to take its left record out. Nulls: a left record without a key has no partner and is given at once,
// also through a repartition; other records whose key or value is null are dropped and counted. Time: a record without a partner has
// its own time, which is before stream time, and the headers of the record that moved time on. Only a record that is
// as late as the latest before it moves time on, so that what waits when the input ends is not given. Kafka Streams:
// KStream.leftJoin (KIP-633, KAFKA-10847, KIP-962), without the pause of a second between two looks at what waits.
//
// Results in their order are Kafka Streams': what waits is given by time. Where one waits for several values of one key and
// time, a partner of one of them takes all of them out; and a late record whose window ends before stream time is given without
// waiting for the grace, though a partner may still come.
func (s *Stream[K, V]) LeftJoinStream[W, R any](o *Stream[K, W], w window.JoinWindow, join func(v V, w W, ok bool) R, opts ...topology.Option) *Stream[K, R] {
	c := s.call("left-join-stream", opts)
	c.Check(join == nil, "joiner")
	return joinStreams(c, s, o, w, keepLeft, func(v V, _ bool, w W, ok bool) R { return join(v, w, ok) })
}

// OuterJoinStream is LeftJoinStream that keeps the records of both sides that find no partner; okV and okW say which sides
// there are, at least one of them.
//
// Cost, nulls and time: see LeftJoinStream; a right record waits for as long as it may be younger than its partner (the window's
// before) plus the grace. Of records of one time that wait, the right ones are given first. Kafka Streams: KStream.outerJoin.
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
