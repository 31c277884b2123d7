package state_test

import (
	"fmt"

	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// Only the first record of each key passes.
func ExampleKeyValue() {
	orders := topology.NewTopic[string, string]("orders")
	firsts := topology.NewTopic[string, string]("first_orders")

	b := topology.New("first-orders")
	seen := state.KeyValue[string, bool]("seen")
	stream.From(b, orders).
		Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			store, err := seen.Open(c)
			if err != nil {
				return nil, err
			}
			return func(r stream.Record[string, string]) error {
				if _, ok, err := store.Get(r.Key); ok || err != nil {
					return err
				}
				if err := store.Put(r.Key, true); err != nil {
					return err
				}
				return c.Forward(r)
			}, nil
		}, topology.WithStores(seen)).
		To(firsts)

	d := testkit.Drive(b)
	for i, order := range []string{"tea", "milk", "bread"} {
		d.Input(orders).Pipe("ann", order, int64(i))
	}
	fmt.Println(d.Output(firsts).Values())
	// Output: [tea]
}
