package conformance

import (
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// byFirst groups by FIRST(value), through a repartition topic.
func byFirst[S text](x *drawing[S]) *stream.Grouped[S, S] {
	return x.from("in").GroupBy(firstOf, topology.As("gb"))
}

func byKey[S text](x *drawing[S]) *stream.Grouped[S, S] { return x.from("in").GroupByKey() }

func countByKey[S text](x *drawing[S]) { x.changes(byKey(x).Count(x.kv[int64]("counts")...), "out") }

func countBy[S text](x *drawing[S]) { x.changes(byFirst(x).Count(x.kv[int64]("counts")...), "out") }

func reduceByKey[S text](x *drawing[S]) { x.changes(byKey(x).Reduce(reduce, x.kv[S]("red")...), "out") }

func reduceBy[S text](x *drawing[S]) { x.changes(byFirst(x).Reduce(reduce, x.kv[S]("red")...), "out") }

func reduceNull[S text](x *drawing[S]) {
	x.changes(byKey(x).Reduce(func(a, b S) S {
		if starts(b, "p") {
			return of[S](nil)
		}
		return reduce(a, b)
	}, x.kv[S]("red")...), "out")
}

func aggregateByKey[S text](x *drawing[S]) {
	x.changes(byKey(x).Aggregate(start[S], add, x.kv[S]("agg")...), "out")
}

func aggregateBy[S text](x *drawing[S]) {
	x.changes(byFirst(x).Aggregate(start[S], add, x.kv[S]("agg")...), "out")
}

func aggregateNull[S text](x *drawing[S]) {
	x.changes(byKey(x).AggregateOrDelete(start[S], func(a, k, v S) (S, bool) {
		return add(a, k, v), !starts(v, "p")
	}, x.kv[S]("agg")...), "out")
}

// aggregateNullInit has an accumulator that can be nil for every S: it begins so.
func aggregateNullInit[S text](x *drawing[S]) {
	none := func() *string { return nil }
	x.changes(byKey(x).Aggregate(none, func(a *string, _, v S) *string {
		if a == nil {
			return str(v)
		}
		return add(a, nil, str(v))
	}, x.kv[*string]("agg")...), "out")
}

func countAfterMapValues[S text](x *drawing[S]) {
	counts := x.from("in").MapValues(func(v S) S {
		if isNull(v) {
			return is[S]("n")
		}
		return v
	}).GroupByKey().Count(x.kv[int64]("counts")...)
	x.to(stream.Changes(counts).SelectKey(func(k S, n int64) S { return is[S](show(k) + "=" + decimal(n)) }), "out")
}

func countAfterMap[S text](x *drawing[S]) {
	x.changes(x.from("in").Map(func(k, v S) (S, S) { return first(v), is[S](show(k)) }).
		GroupByKey(topology.As("gk")).Count(x.kv[int64]("counts")...), "out")
}

func twoAggregates[S text](x *drawing[S]) {
	g := byKey(x)
	x.changes(g.Count(x.kv[int64]("counts")...), "outC")
	x.changes(g.Reduce(reduce, x.kv[S]("red")...), "outR")
}
