package conformance

import (
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

func tableSource[S text](x *drawing[S]) { x.changes(x.table("in", "src"), "out") }

func tableSourceUnnamed[S text](x *drawing[S]) {
	t := table.From(x.b, topology.NewTopic[S, S]("in"))
	x.to(stream.Changes(t).Map(func(k, v S) (S, S) { return is[S](show(k) + "/" + show(v)), v }), "out")
}

func tableFilter[S text](x *drawing[S]) {
	x.changes(x.table("in", "src").Filter(evenValue), "out")
}

func tableFilterNot[S text](x *drawing[S]) {
	x.changes(x.table("in", "src").FilterNot(evenValue), "out")
}

func tableFilterMaterialized[S text](x *drawing[S]) {
	x.changes(x.table("in", "src").Filter(evenValue, x.kv[S]("f")...), "out")
}

func tableFilterChain[S text](x *drawing[S]) {
	x.changes(x.table("in", "src").Filter(evenValue).
		FilterNot(func(k, _ S) bool { return show(k) == "b" }).
		MapValues(func(v S) S { return is[S](show(v) + ".") }).
		Filter(func(_, v S) bool { return length(v) < 5 }, x.kv[S]("f")...), "out")
}

func tableMapValues[S text](x *drawing[S]) {
	x.changes(x.table("in", "src").MapValues(func(v S) S { return is[S]("<" + show(v) + ">") }), "out")
}

func tableMapValuesMaterialized[S text](x *drawing[S]) {
	x.changes(x.table("in", "src").MapValuesWithKey(func(k, v S) *string {
		if even(v) {
			return nil
		}
		return str(is[S](show(k) + ":" + show(v)))
	}, x.kv[*string]("m")...), "out")
}

// withKeyShown renders a row with its key, a null too. As no table operator is called with nulls, it is one of streams.
func withKeyShown[S text](k, v S) S { return is[S](show(k) + "~" + show(v)) }

func tableTransformValues[S text](x *drawing[S]) {
	x.to(stream.Changes(x.table("in", "src")).MapValuesWithKey(withKeyShown), "out")
}

func tableTransformValuesMaterialized[S text](x *drawing[S]) {
	x.changes(stream.Changes(x.table("in", "src")).MapValuesWithKey(func(k, v S) S {
		if isNull(v) || even(v) {
			return of[S](nil)
		}
		return withKeyShown(k, v)
	}).ToTable(x.kv[S]("tv")...), "out")
}

func tableToStreamBranches[S text](x *drawing[S]) {
	t := x.table("in", "src")
	x.changes(t, "out1")
	x.changes(t.Filter(evenValue), "out2")
	x.changes(t.MapValues(func(v S) S { return is[S](show(v) + "!") }, x.kv[S]("m")...), "out3")
}

func tableStreamRoundtrip[S text](x *drawing[S]) {
	x.changes(stream.Changes(x.table("in", "src")).
		Filter(func(_, v S) bool { return !isNull(v) }).
		MapValues(func(v S) S { return is[S](show(v) + show(v)) }).
		ToTable(x.kv[S]("t2")...), "out")
}
