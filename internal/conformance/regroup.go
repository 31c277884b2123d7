package conformance

import (
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

// tableGroups are the scenarios of tables grouped anew, and aggregates of several streams.
var tableGroups = map[string]scenario{
	"count-of-counts":           {countOfCounts[*string], countOfCounts[string]},
	"table-group-count":         {tableGroupCount[*string], tableGroupCount[string]},
	"table-group-reduce":        {tableGroupReduce[*string], tableGroupReduce[string]},
	"table-group-aggregate":     {tableGroupAggregate[*string], tableGroupAggregate[string]},
	"table-group-same-key":      {tableGroupSameKey[*string], tableGroupSameKey[string]},
	"table-group-all-one":       {tableGroupAllOne[*string], tableGroupAllOne[string]},
	"table-group-null-selector": {tableGroupNullSelector, tableGroupFiltered},
	"table-group-aggregate-null": {
		tableGroupAggregateNull[*string], tableGroupAggregateNull[string],
	},
	"cogroup-1":        {cogroupOne[*string], cogroupOne[string]},
	"cogroup-2":        {cogroupTwo[*string], cogroupTwo[string]},
	"cogroup-3-rekey":  {cogroupThree[*string], cogroupThree[string]},
	"cogroup-tumbling": {cogroupTumbling[*string], cogroupTumbling[string]},
	"cogroup-hopping":  {cogroupHopping[*string], cogroupHopping[string]},
	"cogroup-sliding":  {cogroupSliding[*string], cogroupSliding[string]},
	"cogroup-session":  {cogroupSession[*string], cogroupSession[string]},
}

func countOfCounts[S text](x *drawing[S]) {
	counts := byKey(x).Count(x.kv[int64]("counts")...)
	x.changes(counts, "out1")
	x.changes(counts.GroupBy(func(k S, n int64) (S, S) { return is[S](decimal(n)), k }, topology.As("cc")).Count(x.kv[int64]("coc")...), "out2")
}

// tableByFirst groups a table's rows by FIRST(value).
func tableByFirst[S text](x *drawing[S]) *table.Grouped[S, S] {
	return x.table("in", "src").GroupBy(func(_, v S) (S, S) { return first(v), v }, topology.As("tg"))
}

// subtract is SUB of the scenarios.
func subtract[S text](a, _, v S) S { return is[S](short(show(a) + "-" + show(v))) }

// unreduce is UNRED of the scenarios.
func unreduce[S text](a, b S) S { return is[S](short(show(a) + `\` + show(b))) }

func tableGroupCount[S text](x *drawing[S]) {
	x.changes(tableByFirst(x).Count(x.kv[int64]("cnt")...), "out")
}

func tableGroupReduce[S text](x *drawing[S]) {
	x.changes(tableByFirst(x).Reduce(reduce, unreduce, x.kv[S]("red")...), "out")
}

func addAndSubtract[S text](x *drawing[S], g *table.Grouped[S, S]) {
	x.changes(g.Aggregate(start[S], add, subtract, x.kv[S]("agg")...), "out")
}

func tableGroupAggregate[S text](x *drawing[S]) { addAndSubtract(x, tableByFirst(x)) }

func tableGroupSameKey[S text](x *drawing[S]) {
	addAndSubtract(x, x.table("in", "src").GroupBy(func(k, v S) (S, S) { return k, v }, topology.As("tg")))
}

func tableGroupAllOne[S text](x *drawing[S]) {
	addAndSubtract(x, x.table("in", "src").GroupBy(func(k, v S) (S, S) { return is[S]("all"), is[S](show(k) + show(v)) }, topology.As("tg")))
}

func oddQ[S text](v S) bool { return starts(v, "q") && !even(v) }

func tableGroupNullSelector(x *drawing[*string]) {
	addAndSubtract(x, x.table("in", "src").GroupBy(func(_, v *string) (*string, *string) {
		switch {
		case starts(v, "p"):
			return nil, v
		case oddQ(v):
			return first(v), nil
		default:
			return first(v), v
		}
	}, topology.As("tg")))
}

// tableGroupFiltered is the same for a type without nulls: rows that are to be in no group are filtered out.
func tableGroupFiltered(x *drawing[string]) {
	rows := x.table("in", "src").Filter(func(_, v string) bool { return !starts(v, "p") && !oddQ(v) })
	addAndSubtract(x, rows.GroupBy(func(_, v string) (string, string) { return first(v), v }, topology.As("tg")))
}

func tableGroupAggregateNull[S text](x *drawing[S]) {
	x.changes(tableByFirst(x).AggregateOrDelete(start[S], func(a, k, v S) (S, bool) {
		return add(a, k, v), length(v)%2 == 0
	}, func(a, k, v S) (S, bool) {
		return subtract(a, k, v), length(a) <= 12
	}, x.kv[S]("agg")...), "out")
}

// adder is AGGi of the scenarios.
func adder[S text](i string) func(a, k, v S) S {
	return func(a, _, v S) S { return is[S](short(show(a) + "+" + i + show(v))) }
}

func cogroupOne[S text](x *drawing[S]) {
	x.changes(byKey(x).Cogroup(adder[S]("1")).Aggregate(start[S], x.kv[S]("cg")...), "out")
}

// cogrouped is two streams by key.
func cogrouped[S text](x *drawing[S]) *stream.Cogrouped[S, S] {
	in1, in2 := x.from("in1"), x.from("in2")
	return in1.GroupByKey().Cogroup(adder[S]("1")).And(in2.GroupByKey(), adder[S]("2"))
}

func cogroupTwo[S text](x *drawing[S]) {
	x.changes(cogrouped(x).Aggregate(start[S], x.kv[S]("cg")...), "out")
}

func cogroupThree[S text](x *drawing[S]) {
	in1, in2, in3 := x.from("in1"), x.from("in2"), x.from("in3")
	third := adder[S]("3")
	x.changes(in1.GroupByKey().Cogroup(adder[S]("1")).
		And(in2.GroupBy(firstOf, topology.As("g2")), adder[S]("2")).
		AndOrDelete(in3.GroupByKey(), func(a, k, v S) (S, bool) { return third(a, k, v), !starts(v, "s") }).
		Aggregate(start[S], x.kv[S]("cg")...), "out")
}

func cogroupTumbling[S text](x *drawing[S]) {
	w := x.tumbling()
	x.changes(cogrouped(x).WindowedBy(w).Aggregate(start[S], x.win[S]("w", w)...), "out")
}

func cogroupHopping[S text](x *drawing[S]) {
	w := x.hopping()
	x.changes(cogrouped(x).WindowedBy(w).Aggregate(start[S], x.win[S]("w", w)...), "out")
}

func cogroupSliding[S text](x *drawing[S]) {
	w := x.sliding()
	x.changes(cogrouped(x).WindowedBy(w).Aggregate(start[S], x.win[S]("w", w)...), "out")
}

func cogroupSession[S text](x *drawing[S]) {
	x.changes(cogrouped(x).WindowedBySession(x.sessions()).Aggregate(start[S], merge, x.sess[S]("s")...), "out")
}
