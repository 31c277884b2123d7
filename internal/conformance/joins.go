package conformance

import (
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

func stInner[S text](x *drawing[S]) {
	left, right := x.from("left"), x.table("right", "rt")
	x.to(left.JoinTable(right, join, topology.As("j")), "out")
}

func stLeft[S text](x *drawing[S]) {
	left, right := x.from("left"), x.table("right", "rt")
	x.to(left.LeftJoinTable(right, leftJoin, topology.As("j")), "out")
}

// pair is both sides of a join, for a joiner that sees the key.
type pair[S text] struct {
	Left  S
	Right *string
}

func stLeftKeyJoiner[S text](x *drawing[S]) {
	left, right := x.from("left"), x.table("right", "rt")
	x.to(left.
		LeftJoinTable(right, func(l, r S, ok bool) pair[S] {
			if !ok {
				return pair[S]{l, nil}
			}
			return pair[S]{l, str(r)}
		}, topology.As("j")).
		MapValuesWithKey(func(k S, p pair[S]) S { return is[S](show(k) + ":[" + show(p.Left) + "," + show(p.Right) + "]") }).
		MapValues(func(v S) S {
			if length(v)%2 == 0 {
				return of[S](nil)
			}
			return v
		}), "out")
}

func stInnerRekeyed[S text](x *drawing[S]) {
	left := x.from("left").SelectKey(firstOf)
	x.to(left.JoinTable(x.table("right", "rt"), join, topology.As("j")), "out")
}

func stLeftAggregated[S text](x *drawing[S]) {
	left := x.from("left")
	totals := x.from("right").GroupByKey().Aggregate(start[S], add, x.kv[S]("agg")...)
	x.to(left.LeftJoinTable(totals, leftJoin, topology.As("j")), "out")
}

func stInnerFilteredTable[S text](x *drawing[S]) {
	left := x.from("left")
	x.to(left.JoinTable(x.table("right", "rt").Filter(evenValue), join, topology.As("j")), "out")
}

func stSelf[S text](x *drawing[S]) {
	t := x.table("in", "src")
	x.to(stream.Changes(t).JoinTable(t, join, topology.As("j")), "out")
}

func ttInner[S text](x *drawing[S]) {
	left, right := x.table("left", "lt"), x.table("right", "rt")
	x.changes(left.Join(right, join, x.kv[S]("j")...), "out")
}

func ttInnerUnmaterialized[S text](x *drawing[S]) {
	left, right := x.table("left", "lt"), x.table("right", "rt")
	x.changes(left.Join(right, join), "out")
}

func ttSelf[S text](x *drawing[S]) {
	t := x.table("in", "src")
	x.changes(t.Join(t.MapValues(func(v S) S { return is[S](show(v) + "'") }), join, x.kv[S]("j")...), "out")
}

// foreign is the right table of a foreign-key join. Its keys have a null for every S: a row may have no foreign key.
func (x *drawing[S]) foreign(topic, name string) *table.Table[*string, S] {
	return table.From(x.b, topology.NewTopic[*string, S](topic), x.keyed[*string, S](name)...)
}

func fkInner[S text](x *drawing[S]) {
	left, right := x.table("left", "lt"), x.foreign("right", "rt")
	x.changes(kept(x, left.ForeignKeyJoin(right, foreignKey, join, topology.As("fk"))), "out")
}

func fkInnerUnmaterialized[S text](x *drawing[S]) {
	left, right := x.table("left", "lt"), x.foreign("right", "rt")
	x.changes(left.ForeignKeyJoin(right, foreignKey, join, topology.As("fk")), "out")
}

func fkInnerKeyExtractor[S text](x *drawing[S]) {
	left, right := x.table("left", "lt"), x.foreign("right", "rt")
	x.changes(kept(x, left.ForeignKeyJoinWithKey(right, keyedForeignKey, join, topology.As("fk"))), "out")
}
