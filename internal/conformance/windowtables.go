package conformance

import (
	"fmt"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// windowTables are the scenarios of windowed tables that are used as any table is.
var windowTables = map[string]scenario{
	"sessions-top":        {sessionsTop[*string], sessionsTop[string]},
	"windowed-table-join": {windowedTableJoin[*string], windowedTableJoin[string]},
}

// sessionsTop lists the sessions of each key; those that are merged are taken out.
func sessionsTop[S text](x *drawing[S]) {
	sessions := byKey(x).WindowedBySession(x.sessions()).Count(x.sess[int64]("s")...)
	addAndSubtract(x, sessions.GroupBy(func(k window.Key[S], n int64) (S, S) {
		return k.Key, is[S](fmt.Sprintf("%d-%d:%d", k.Start, k.End, n))
	}, topology.As("tg")))
}

// windowedTableJoin joins the windows of two streams.
func windowedTableJoin[S text](x *drawing[S]) {
	w := x.tumbling()
	side := func(topic, store string) *table.Table[window.Key[S], S] {
		return x.from(topic).GroupByKey().WindowedBy(w).Reduce(reduce, x.win[S](store, w)...)
	}
	left, right := side("in1", "w1"), side("in2", "w2")
	x.to(stream.Changes(left.OuterJoin(right, outerJoin[S])), "out")
}
