package state_test

import (
	"fmt"

	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// A plate's wells are kept until the plate is done, and come out in their order.
func ExampleKeyValue() {
	wells := topology.NewTopic[string, string]("wells") // plate -> well, or "done"
	ordered := topology.NewTopic[string, string]("ordered_wells")

	b := topology.New("order-wells")
	waiting := state.KeyValue[string, string]("waiting") // plate/well -> well
	stream.From(b, wells).
		Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			store, err := waiting.Open(c)
			if err != nil {
				return nil, err
			}
			return func(r stream.Record[string, string]) error {
				if r.Value != "done" {
					return store.Put(r.Key+"/"+r.Value, r.Value)
				}
				for row, err := range store.Prefix([]byte(r.Key + "/")) {
					if err != nil {
						return err
					}
					if err := store.Delete(row.Key); err != nil {
						return err
					}
					if err := c.Forward(stream.Record[string, string]{Key: r.Key, Value: row.Value, Timestamp: r.Timestamp}); err != nil {
						return err
					}
				}
				return nil
			}, nil
		}, topology.WithStores(waiting)).
		To(ordered)

	d := testkit.Drive(b)
	for i, well := range []string{"C02", "A01", "B03", "done"} {
		d.Input(wells).Pipe("plate-1", well, int64(i))
	}
	fmt.Println(d.Output(ordered).Values())
	// Output: [A01 B03 C02]
}
