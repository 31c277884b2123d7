package topology_test

import (
	"time"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// The price is that of the order's time, even if another has come since.
func ExampleVersioned() {
	orders := topology.NewTopic[string, string]("orders")
	prices := topology.NewTopic[string, int64]("prices")
	priced := topology.NewTopic[string, int64]("priced")

	b := topology.New("versioned")
	history := table.From(b, prices, topology.As("prices"), topology.Versioned(24*time.Hour))
	stream.From(b, orders).
		JoinTable(history, func(_ string, price int64) int64 { return price }, topology.As("priced")).
		To(priced)

	d := testkit.Drive(b)
	d.Input(prices).Pipe("tea", 3, 10)
	d.Input(prices).Pipe("tea", 4, 20)
	d.Input(orders).Pipe("tea", "ann's", 15)
	d.Output(priced).Print()
	// Output: tea -> 3 at 15
}

// A price that comes up to a minute late still counts.
func ExampleJoinGrace() {
	orders := topology.NewTopic[string, string]("orders")
	prices := topology.NewTopic[string, int64]("prices")
	priced := topology.NewTopic[string, int64]("priced")

	b := topology.New("join-grace")
	history := table.From(b, prices, topology.As("prices"), topology.Versioned(24*time.Hour))
	stream.From(b, orders).
		JoinTable(history, func(_ string, price int64) int64 { return price }, topology.As("priced"), topology.JoinGrace(time.Minute)).
		To(priced)

	d := testkit.Drive(b)
	d.Input(orders).Pipe("tea", "ann's", 15_000)
	d.Input(prices).Pipe("tea", 3, 10_000)
	d.Input(orders).Pipe("tea", "bob's", 75_000)
	d.Output(priced).Print()
	// Output: tea -> 3 at 15000
}
