package conformance

import (
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

// moreTableJoins are the scenarios of left and outer joins of tables, and joins with global tables.
var moreTableJoins = map[string]scenario{
	"tt-left":                 {ttLeft[*string], ttLeft[string]},
	"tt-left-unmaterialized":  {ttLeftUnmaterialized[*string], ttLeftUnmaterialized[string]},
	"tt-outer":                {ttOuter[*string], ttOuter[string]},
	"tt-outer-unmaterialized": {ttOuterUnmaterialized[*string], ttOuterUnmaterialized[string]},
	"tt-outer-null-joiner":    {ttOuterNullJoiner[*string], ttOuterNullJoiner[string]},
	"tt-filter-join":          {ttFilterJoin[*string], ttFilterJoin[string]},
	"tt-chain-3":              {ttChain3[*string], ttChain3[string]},
	"tt-chain-4-outer":        {ttChain4Outer[*string], ttChain4Outer[string]},
	"tt-join-then-group":      {ttJoinThenGroup[*string], ttJoinThenGroup[string]},
	"imaging-fk":              {imagingFK[*string], imagingFK[string]},
	"st-tt-mix":               {stTTMix[*string], stTTMix[string]},
	"sg-inner":                {sgInner[*string], sgInner[string]},
	"sg-left":                 {sgLeft[*string], sgLeft[string]},
	"sg-left-key-joiner":      {sgLeftKeyJoiner[*string], sgLeftKeyJoiner[string]},
	"global-table":            {globalTable[*string], globalTable[string]},
	"fk-left":                 {fkLeft[*string], fkLeft[string]},
	"fk-left-unmaterialized":  {fkLeftUnmaterialized[*string], fkLeftUnmaterialized[string]},
	"fk-left-key-extractor":   {fkLeftKeyExtractor[*string], fkLeftKeyExtractor[string]},
	"fk-then-table-join":      {fkThenTableJoin[*string], fkThenTableJoin[string]},
}

// outerJoin is JOIN where either side may be missing.
func outerJoin[S text](l S, okL bool, r S, okR bool) S {
	side := func(v S, ok bool) string {
		if ok {
			return show(v)
		}
		return "null"
	}
	return is[S]("[" + side(l, okL) + "," + side(r, okR) + "]")
}

func ttLeft[S text](x *drawing[S]) {
	left, right := x.table("left", "lt"), x.table("right", "rt")
	x.changes(left.LeftJoin(right, leftJoin, x.kv[S]("j")...), "out")
}

func ttLeftUnmaterialized[S text](x *drawing[S]) {
	left, right := x.table("left", "lt"), x.table("right", "rt")
	x.changes(left.LeftJoin(right, leftJoin), "out")
}

func ttOuter[S text](x *drawing[S]) {
	left, right := x.table("left", "lt"), x.table("right", "rt")
	x.changes(left.OuterJoin(right, outerJoin, x.kv[S]("j")...), "out")
}

func ttOuterUnmaterialized[S text](x *drawing[S]) {
	left, right := x.table("left", "lt"), x.table("right", "rt")
	x.changes(left.OuterJoin(right, outerJoin), "out")
}

// ttOuterNullJoiner has a joiner that gives null for what is not in both tables. A type without a null says so with a
// pointer.
func ttOuterNullJoiner[S text](x *drawing[S]) {
	left, right := x.table("left", "lt"), x.table("right", "rt")
	x.changes(left.OuterJoin(right, func(l S, okL bool, r S, okR bool) *string {
		if !okL || !okR {
			return nil
		}
		return str(join(l, r))
	}, x.kv[*string]("j")...), "out")
}

func ttFilterJoin[S text](x *drawing[S]) {
	left := x.table("left", "lt").Filter(evenValue)
	right := x.table("right", "rt").MapValues(func(v S) S { return is[S]("<" + show(v) + ">") })
	x.changes(left.LeftJoin(right, leftJoin, x.kv[S]("j")...), "out")
}

func ttChain3[S text](x *drawing[S]) {
	left, right := x.table("left", "lt"), x.table("right", "rt")
	both := left.Join(right, join, x.kv[S]("j1")...)
	x.changes(both.LeftJoin(x.table("third", "tt"), leftJoin, x.kv[S]("j2")...), "out")
}

func ttChain4Outer[S text](x *drawing[S]) {
	left, right := x.table("left", "lt"), x.table("right", "rt")
	three := left.OuterJoin(right, outerJoin).OuterJoin(x.table("third", "tt"), outerJoin)
	x.changes(three.Join(x.table("fourth", "ft"), join, x.kv[S]("j")...), "out")
}

// ttJoinThenGroup groups by the first character of the left value.
func ttJoinThenGroup[S text](x *drawing[S]) {
	left, right := x.table("left", "lt"), x.table("right", "rt")
	groups := left.LeftJoin(right, leftJoin).GroupBy(func(_, v S) (S, S) { return is[S](string([]rune(show(v))[1])), v }, topology.As("tg"))
	addAndSubtract(x, groups)
}

func imagingFK[S text](x *drawing[S]) {
	sites, exps := x.table("sites", "sites"), x.foreign("experiments", "exps")
	plates := kept(x, sites.LeftForeignKeyJoin(exps, foreignKey, leftJoin, topology.As("fk"))).
		GroupBy(func(k, v S) (S, S) { return is[S](plateOf(show(k))), v }, topology.As("tg"))
	x.changes(plates.Aggregate(start[S], add, subtract, x.kv[S]("perPlate")...), "out")
}

func stTTMix[S text](x *drawing[S]) {
	left, right, third := x.from("left"), x.table("right", "rt"), x.table("third", "tt")
	both := right.OuterJoin(third, outerJoin, x.kv[S]("j")...)
	x.to(left.LeftJoinTable(both, leftJoin, topology.As("sj")), "out")
}

func fkLeft[S text](x *drawing[S]) {
	left, right := x.table("left", "lt"), x.foreign("right", "rt")
	x.changes(kept(x, left.LeftForeignKeyJoin(right, foreignKey, leftJoin, topology.As("fk"))), "out")
}

func fkLeftUnmaterialized[S text](x *drawing[S]) {
	left, right := x.table("left", "lt"), x.foreign("right", "rt")
	x.changes(left.LeftForeignKeyJoin(right, foreignKey, leftJoin, topology.As("fk")), "out")
}

func fkLeftKeyExtractor[S text](x *drawing[S]) {
	left, right := x.table("left", "lt"), x.foreign("right", "rt")
	x.changes(kept(x, left.LeftForeignKeyJoinWithKey(right, keyedForeignKey, leftJoin, topology.As("fk"))), "out")
}

func fkThenTableJoin[S text](x *drawing[S]) {
	left, right := x.table("left", "lt"), x.foreign("right", "rt")
	joined := left.ForeignKeyJoin(right, foreignKey, join, topology.As("fk"))
	x.changes(joined.LeftJoin(x.table("third", "tt"), leftJoin, x.kv[S]("j")...), "out")
}

// kept keeps the result of a foreign-key join in the store j: the join's own name is that of its topics, and a named table is
// kept.
func kept[S text](x *drawing[S], t *table.Table[S, S]) *table.Table[S, S] {
	return t.MapValues(func(v S) S { return v }, x.kv[S]("j")...)
}

// keyedForeignKey is a foreign key of key and value.
func keyedForeignKey[S text](k, v S) *string {
	if show(k) == "l1" {
		return new("r1")
	}
	return foreignKey(v)
}
