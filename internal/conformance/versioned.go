package conformance

import (
	"slices"

	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// versioned are the scenarios of tables that keep their rows' history.
var versioned = map[string]scenario{
	"table-source-versioned":           {tableSourceVersioned[*string], tableSourceVersioned[string]},
	"table-filter-versioned":           {tableFilterVersioned[*string], tableFilterVersioned[string]},
	"table-group-versioned":            {tableGroupVersioned[*string], tableGroupVersioned[string]},
	"st-inner-versioned":               {stInnerVersioned[*string], stInnerVersioned[string]},
	"st-inner-versioned-grace":         {stInnerVersioned[*string], stInnerVersioned[string]},
	"st-left-versioned":                {stLeftVersioned[*string], stLeftVersioned[string]},
	"st-left-versioned-grace":          {stLeftVersioned[*string], stLeftVersioned[string]},
	"st-left-versioned-grace-null-key": {stLeftVersioned[*string], stLeftVersioned[string]},
	"tt-inner-versioned":               {ttInnerVersioned[*string], ttInnerVersioned[string]},
	"tt-inner-versioned-left-only":     {ttInnerVersionedLeftOnly[*string], ttInnerVersionedLeftOnly[string]},
	"tt-left-versioned":                {ttLeftVersioned[*string], ttLeftVersioned[string]},
	"tt-outer-versioned":               {ttOuterVersioned[*string], ttOuterVersioned[string]},
	"fk-inner-versioned":               {fkInnerVersioned[*string], fkInnerVersioned[string]},
	"fk-left-versioned":                {fkLeftVersioned[*string], fkLeftVersioned[string]},
}

// ver names a versioned store, whose versions are compared as of every timestamp of the input.
func (x *drawing[S]) ver[K text](name, history string) []topology.Option {
	x.stores[name] = func(d *testkit.Driver) []Row {
		var keys []string
		var times []int64
		for _, s := range x.input {
			if s.Topic == "" {
				continue
			}
			times = append(times, s.Time)
			if !s.Key.IsNull() {
				keys = append(keys, s.Key.text)
			}
		}
		slices.Sort(keys)
		slices.Sort(times)
		keys, times = slices.Compact(keys), slices.Compact(times)
		var rows []Row
		for _, k := range keys {
			last := int64(-1)
			for _, at := range times {
				if v, ok := d.VersionAt[K, S](name, is[K](k), at); ok && v.Timestamp != last {
					rows, last = append(rows, Row{Key: Text(k), Value: valueOf(v.Value), Time: new(v.Timestamp)}), v.Timestamp
				}
			}
		}
		return rows
	}
	return []topology.Option{topology.As(name), topology.Versioned(x.millis(history))}
}

// versions is the versioned table of a topic.
func (x *drawing[S]) versions(topic, name, history string) *table.Table[S, S] {
	return table.From(x.b, topology.NewTopic[S, S](topic), x.ver[S](name, history)...)
}

// joinNamed names a stream-table join, with a grace if the case has one.
func (x *drawing[S]) joinNamed() []topology.Option {
	opts := []topology.Option{topology.As("j")}
	if _, ok := x.params.Int("graceMs"); ok {
		opts = append(opts, topology.JoinGrace(x.millis("graceMs")))
	}
	return opts
}

func tableSourceVersioned[S text](x *drawing[S]) {
	x.changes(x.versions("in", "src", "historyMs"), "out")
}

func tableFilterVersioned[S text](x *drawing[S]) {
	t := x.versions("in", "src", "historyMs").Filter(evenValue).MapValues(func(v S) S { return is[S](show(v) + ".") })
	g := t.GroupBy(func(k, v S) (S, S) { return is[S]("all"), is[S](show(k) + show(v)) }, topology.As("tg"))
	x.changes(g.Aggregate(start[S], add, subtract, x.kv[S]("agg")...), "out")
}

func tableGroupVersioned[S text](x *drawing[S]) {
	g := x.versions("in", "src", "historyMs").GroupBy(func(_, v S) (S, S) { return first(v), v }, topology.As("tg"))
	x.changes(g.Aggregate(start[S], add, subtract, x.kv[S]("agg")...), "out")
}

func stInnerVersioned[S text](x *drawing[S]) {
	left := x.from("left")
	x.to(left.JoinTable(x.versions("right", "rt", "historyMs"), join, x.joinNamed()...), "out")
}

func stLeftVersioned[S text](x *drawing[S]) {
	left := x.from("left")
	x.to(left.LeftJoinTable(x.versions("right", "rt", "historyMs"), leftJoin, x.joinNamed()...), "out")
}

// versionedSides are both tables of a join.
func (x *drawing[S]) versionedSides() (left, right *table.Table[S, S]) {
	return x.versions("left", "lt", "leftHistoryMs"), x.versions("right", "rt", "rightHistoryMs")
}

func ttInnerVersioned[S text](x *drawing[S]) {
	left, right := x.versionedSides()
	x.changes(left.Join(right, join, x.kv[S]("j")...), "out")
}

func ttInnerVersionedLeftOnly[S text](x *drawing[S]) {
	left, right := x.versions("left", "lt", "historyMs"), x.table("right", "rt")
	x.changes(left.Join(right, join, x.kv[S]("j")...), "out")
}

func ttLeftVersioned[S text](x *drawing[S]) {
	left, right := x.versionedSides()
	x.changes(left.LeftJoin(right, leftJoin, x.kv[S]("j")...), "out")
}

func ttOuterVersioned[S text](x *drawing[S]) {
	left, right := x.versionedSides()
	x.changes(left.OuterJoin(right, outerJoin, x.kv[S]("j")...), "out")
}

// foreignVersions is the right table of a foreign-key join, see foreign.
func (x *drawing[S]) foreignVersions() *table.Table[*string, S] {
	return table.From(x.b, topology.NewTopic[*string, S]("right"), x.ver[*string]("rt", "historyMs")...)
}

func fkInnerVersioned[S text](x *drawing[S]) {
	left, right := x.versions("left", "lt", "historyMs"), x.foreignVersions()
	x.changes(kept(x, left.ForeignKeyJoin(right, foreignKey, join, topology.As("fk"))), "out")
}

func fkLeftVersioned[S text](x *drawing[S]) {
	left, right := x.versions("left", "lt", "historyMs"), x.foreignVersions()
	x.changes(kept(x, left.LeftForeignKeyJoin(right, foreignKey, leftJoin, topology.As("fk"))), "out")
}
