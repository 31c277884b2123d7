package operator

import (
	"github.com/millrace-go/millrace/internal/graph"
)

// AddStored keeps the rows of a derived table in a store named by the call, and tells old values from it.
func AddStored[K, V any](c *Call, t graph.Table[K, V]) graph.Table[K, V] {
	out := graph.Table[K, V]{G: c.G, Key: Key(c, t.Key), Value: Value(c, t.Value)}
	st := TableStore(c, c.Name, out.Key, out.Value)
	if c.History != nil {
		out.History = new(c.History.Milliseconds())
	}
	out.Node = graph.Add(c.G, graph.Spec{Op: "store", At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{t.Node}, Stores: []*graph.Store{st}},
		func(ctx *graph.Context, n *graph.Node, next func(*graph.Change[K, V]) error) (func(*graph.Change[K, V]) error, error) {
			write, err := keeper(ctx, n, st, next)
			if err != nil {
				return nil, err
			}
			var r graph.Record[K, V]
			return func(ch *graph.Change[K, V]) error {
				r = graph.Record[K, V]{Key: ch.Key, Value: ch.New, Null: !ch.HasNew, Timestamp: ch.Timestamp, Headers: ch.Headers}
				return write(&r)
			}, nil
		})
	out.View = func() graph.View[K, V] { return TableView[K, V](st) }
	return out
}
