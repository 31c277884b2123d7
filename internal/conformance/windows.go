package conformance

import (
	"fmt"
	"time"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// windowed cuts the input into the scenario's windows.
func windowed[S text](x *drawing[S], w window.TimeWindow) *stream.TimeWindowed[S, S] {
	return byKey(x).WindowedBy(w)
}

func countWindows[S text](x *drawing[S], w window.TimeWindow, more ...topology.Option) {
	x.changes(windowed(x, w).Count(append(x.win[int64]("w", w), more...)...), "out")
}

func reduceWindows[S text](x *drawing[S], w window.TimeWindow, more ...topology.Option) {
	x.changes(windowed(x, w).Reduce(reduce, append(x.win[S]("w", w), more...)...), "out")
}

func aggregateWindows[S text](x *drawing[S], w window.TimeWindow, more ...topology.Option) {
	x.changes(windowed(x, w).Aggregate(start[S], add, append(x.win[S]("w", w), more...)...), "out")
}

// addUpTo is an aggregator that deletes what has grown longer than most.
func addUpTo[S text](most int) func(a, k, v S) (S, bool) {
	return func(a, k, v S) (S, bool) { return add(a, k, v), length(a) <= most }
}

func deleteWindows[S text](x *drawing[S], w window.TimeWindow, more ...topology.Option) {
	x.changes(windowed(x, w).AggregateOrDelete(start[S], addUpTo[S](5), append(x.win[S]("w", w), more...)...), "out")
}

func tumblingCount[S text](x *drawing[S])         { countWindows(x, x.tumbling()) }
func tumblingReduce[S text](x *drawing[S])        { reduceWindows(x, x.tumbling()) }
func tumblingAggregate[S text](x *drawing[S])     { aggregateWindows(x, x.tumbling()) }
func tumblingAggregateNull[S text](x *drawing[S]) { deleteWindows(x, x.tumbling()) }
func hoppingCount[S text](x *drawing[S])          { countWindows(x, x.hopping()) }
func hoppingReduce[S text](x *drawing[S])         { reduceWindows(x, x.hopping()) }
func hoppingAggregate[S text](x *drawing[S])      { aggregateWindows(x, x.hopping()) }
func hoppingAggregateNull[S text](x *drawing[S])  { deleteWindows(x, x.hopping()) }

func tumblingDayGrace[S text](x *drawing[S]) {
	countWindows(x, window.Tumbling(x.millis("sizeMs"), 24*time.Hour))
}

func tumblingRepartitioned[S text](x *drawing[S]) {
	w := x.tumbling()
	x.changes(byFirst(x).WindowedBy(w).Reduce(reduce, x.win[S]("w", w)...), "out")
}

func tumblingRetention[S text](x *drawing[S]) {
	aggregateWindows(x, x.tumbling(), topology.Retention(x.millis("retentionMs")))
}

func tumblingRekeyedOut[S text](x *drawing[S]) {
	w := x.tumbling()
	x.to(stream.Changes(windowed(x, w).Count(x.win[int64]("w", w)...)).
		Filter(func(_ window.Key[S], n int64) bool { return n%2 == 1 }).
		Map(func(k window.Key[S], n int64) (S, S) {
			return is[S](fmt.Sprintf("%s@%d", show(k.Key), k.Start)), is[S](decimal(n))
		}), "out")
}

func tumblingTwoLevel[S text](x *drawing[S]) {
	w := x.tumbling()
	w2 := window.Tumbling(2*x.millis("sizeMs"), x.millis("graceMs"))
	x.changes(stream.Changes(windowed(x, w).Count(x.win[int64]("w", w)...)).
		Map(func(k window.Key[S], n int64) (S, S) {
			return is[S](decimal(k.Start)), is[S](show(k.Key) + "=" + decimal(n))
		}).
		GroupByKey(topology.As("g2")).WindowedBy(w2).Aggregate(start[S], add, x.win[S]("w2", w2)...), "out")
}

func inSessions[S text](x *drawing[S]) *stream.SessionWindowed[S, S] {
	return byKey(x).WindowedBySession(x.sessions())
}

func countSessions[S text](x *drawing[S], more ...topology.Option) {
	x.changes(inSessions(x).Count(append(x.sess[int64]("s"), more...)...), "out")
}

func aggregateSessions[S text](x *drawing[S], more ...topology.Option) {
	x.changes(inSessions(x).Aggregate(start[S], add, merge, append(x.sess[S]("s"), more...)...), "out")
}

func sessionCount[S text](x *drawing[S])     { countSessions(x) }
func sessionAggregate[S text](x *drawing[S]) { aggregateSessions(x) }

func sessionReduce[S text](x *drawing[S]) {
	x.changes(inSessions(x).Reduce(reduce, x.sess[S]("s")...), "out")
}

func sessionAggregateNull[S text](x *drawing[S]) {
	x.changes(inSessions(x).AggregateOrDelete(start[S], addUpTo[S](9), merge, x.sess[S]("s")...), "out")
}

func sessionRepartitioned[S text](x *drawing[S]) {
	x.changes(byFirst(x).WindowedBySession(x.sessions()).Aggregate(start[S], add, merge, x.sess[S]("s")...), "out")
}

func sessionRetention[S text](x *drawing[S]) {
	aggregateSessions(x, topology.Retention(x.millis("retentionMs")))
}

// sessionRekeyedOut makes texts of the counts first: a null count passes MapValues, and Map sees a nil then.
func sessionRekeyedOut[S text](x *drawing[S]) {
	x.to(stream.Changes(inSessions(x).Count(x.sess[int64]("s")...)).
		MapValues(func(n int64) *string { return new(decimal(n)) }).
		Map(func(k window.Key[S], n *string) (S, *string) {
			return is[S](fmt.Sprintf("%s@%d-%d", show(k.Key), k.Start, k.End)), n
		}), "out")
}
