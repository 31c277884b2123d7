package operator

import (
	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
)

// AddGlobal adds a global table of a topic, its rows in a store of that name.
func AddGlobal[K, V any](c *Call, t *graph.Topic, name string, ks serde.Serde[K], vs serde.Serde[V]) *graph.Global {
	x := &graph.Global{
		Topic: t,
		Store: &graph.Store{
			Name: name, Kind: "global", At: c.At, Memory: c.Memory, NoLog: true,
			Make: func(ctx *graph.Context, s *graph.Store, d db.DB, prefix []byte) (graph.TaskStore, error) {
				return store.NewKeyValue(ctx, s, d, prefix, ks, vs), nil
			},
		},
		Row: func(r *graph.Raw) ([]byte, error) {
			k, err := ks.Decode(r.Key)
			if err != nil {
				return nil, undecoded("key", err)
			}
			if r.Value != nil {
				if _, err := vs.Decode(r.Value); err != nil {
					return nil, undecoded("value", err)
				}
			}
			key, err := ks.Append([]byte{}, k) // its writer may have encoded it in another way
			if err != nil {
				return nil, undecoded("key", err)
			}
			return key, nil
		},
	}
	c.G.AddGlobal(x, c.Op)
	return x
}
