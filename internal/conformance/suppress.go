package conformance

import (
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// suppressions are the scenarios of tables whose changes are held back.
var suppressions = map[string]scenario{
	"suppress-close-tumbling-count":     {suppressTumblingCount[*string], suppressTumblingCount[string]},
	"suppress-close-tumbling-aggregate": {suppressTumblingAggregate[*string], suppressTumblingAggregate[string]},
	"suppress-close-hopping-count":      {suppressHoppingCount[*string], suppressHoppingCount[string]},
	"suppress-close-hopping-aggregate":  {suppressHoppingAggregate[*string], suppressHoppingAggregate[string]},
	"suppress-close-sliding-reduce":     {suppressSlidingReduce[*string], suppressSlidingReduce[string]},
	"suppress-close-session-count":      {suppressSessionCount[*string], suppressSessionCount[string]},
	"suppress-close-session-aggregate":  {suppressSessionAggregate[*string], suppressSessionAggregate[string]},
	"suppress-close-shutdown":           {suppressTumblingCount[*string], suppressTumblingCount[string]},
	"suppress-limit-table":              {suppressTable[*string], suppressTable[string]},
	"suppress-limit-records":            {suppressTable[*string], suppressTable[string]},
	"suppress-limit-bytes":              {suppressTable[*string], suppressTable[string]},
	"suppress-limit-both":               {suppressTable[*string], suppressTable[string]},
	"suppress-limit-count":              {suppressCount[*string], suppressCount[string]},
	"suppress-limit-windowed":           {suppressWindowed[*string], suppressWindowed[string]},
	"suppress-then-group":               {suppressThenGroup[*string], suppressThenGroup[string]},
	"suppress-then-join":                {suppressThenJoin[*string], suppressThenJoin[string]},
	"suppress-filter":                   {suppressFilter[*string], suppressFilter[string]},
	"imaging-final":                     {imagingFinal[*string], imagingFinal[string]},
}

// buffer names the buffer of held changes, with the bounds that the case has.
func (x *drawing[S]) buffer() []topology.Option {
	opts := append(x.kind(), topology.As("sup"))
	if n, ok := x.params.Int("maxRecords"); ok {
		opts = append(opts, topology.BufferRecords(n))
	}
	if n, ok := x.params.Int("maxBytes"); ok {
		opts = append(opts, topology.BufferBytes(n))
	}
	return opts
}

// limited holds back the changes of a table for the time that the case has.
func limited[S text, K, V any](x *drawing[S], t *table.Table[K, V]) *table.Table[K, V] {
	return t.SuppressUntilTimeLimit(x.millis("limitMs"), x.buffer()...)
}

// closed publishes the results of closed windows.
func closed[S text, V any](x *drawing[S], t *table.Table[window.Key[S], V]) {
	x.changes(table.SuppressUntilWindowCloses(t, x.buffer()...), "out")
}

func suppressTumblingCount[S text](x *drawing[S]) { closed(x, windowCounts(x, x.tumbling())) }
func suppressHoppingCount[S text](x *drawing[S])  { closed(x, windowCounts(x, x.hopping())) }

func windowCounts[S text](x *drawing[S], w window.TimeWindow) *table.Table[window.Key[S], int64] {
	return windowed(x, w).Count(x.win[int64]("w", w)...)
}

func suppressTumblingAggregate[S text](x *drawing[S]) { suppressDeleting(x, x.tumbling()) }
func suppressHoppingAggregate[S text](x *drawing[S])  { suppressDeleting(x, x.hopping()) }

// suppressDeleting has windows that are deleted while they are open.
func suppressDeleting[S text](x *drawing[S], w window.TimeWindow) {
	closed(x, windowed(x, w).AggregateOrDelete(start[S], addUpTo[S](7), x.win[S]("w", w)...))
}

func suppressSlidingReduce[S text](x *drawing[S]) {
	closed(x, windowed(x, x.sliding()).Reduce(reduce, x.win[S]("w", x.sliding())...))
}

func suppressSessionCount[S text](x *drawing[S]) {
	closed(x, byKey(x).WindowedBySession(x.sessions()).Count(x.sess[int64]("s")...))
}

func suppressSessionAggregate[S text](x *drawing[S]) {
	closed(x, byKey(x).WindowedBySession(x.sessions()).Aggregate(start[S], add, merge, x.sess[S]("s")...))
}

func suppressTable[S text](x *drawing[S]) { x.changes(limited(x, x.table("in", "src")), "out") }

func suppressCount[S text](x *drawing[S]) {
	x.changes(limited(x, byKey(x).Count(x.kv[int64]("c")...)), "out")
}

func suppressWindowed[S text](x *drawing[S]) {
	x.changes(limited(x, windowCounts(x, x.tumbling())), "out")
}

func suppressThenJoin[S text](x *drawing[S]) {
	x.changes(limited(x, x.table("in", "src")).LeftJoin(x.table("right", "rt"), leftJoin[S], x.kv[S]("j")...), "out")
}

func suppressThenGroup[S text](x *drawing[S]) {
	addAndSubtract(x, limited(x, x.table("in", "src")).GroupBy(func(_, v S) (S, S) { return first(v), v }, topology.As("tg")))
}

// suppressFilter has a filter above the buffer and a mapping below it.
func suppressFilter[S text](x *drawing[S]) {
	odd := x.table("in", "src").Filter(func(_, v S) bool { return length(v)%2 == 1 })
	x.changes(limited(x, odd).MapValues(func(v S) S { return is[S]("<" + show(v) + ">") }), "out")
}

// imagingFinal has one result for each session of a site that is over.
func imagingFinal[S text](x *drawing[S]) {
	experiments := table.FromGlobal(x.b, topology.NewTopic[S, S]("experiments"), x.kv[S]("exps")...)
	joined := byPlate(table.SuppressUntilWindowCloses(siteSessions(x), x.buffer()...)).
		JoinGlobal(experiments, func(k, _ S) S { return k }, func(l, r S) S { return is[S](show(l) + " " + show(r)) })
	x.to(joined.Filter(complete).SelectKey(siteOf), "images_site")
}
