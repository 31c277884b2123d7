package conformance

import (
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// moreComposites are the scenarios of whole pipelines.
var moreComposites = map[string]scenario{
	"orders": {orders[*string], orders[string]},
}

// orders joins payments and customers to orders, and counts them.
func orders[S text](x *drawing[S]) {
	placed, payments := x.from("orders"), x.from("payments")
	joined := placed.LeftJoinStream(payments, x.joinWindow(), leftJoin[S], x.joinStore("j")...).
		LeftJoinTable(x.table("customers", "cust"), leftJoin, topology.As("cj"))
	x.to(joined, "out")
	x.to(stream.Changes(joined.GroupByKey().Count(x.kv[int64]("n")...)), "counts")
}
