// Package state holds the stores that processors of one's own keep: what stream.Process uses.
//
// Its two nouns are the description of a store, made where the topology is drawn ([KeyValue] returns a [KeyValueSpec]),
// and the task's part of it, which the processor opens ([KeyValueStore]). The description goes to Process through
// topology.WithStores, which also puts all operators that name it into one task:
//
//	seen := state.KeyValue[string, int64]("seen")
//	stream.From(b, orders).Process(func(c *stream.Context[string, Order]) (func(stream.Record[string, Order]) error, error) {
//		store, err := seen.Open(c)
//		if err != nil {
//			return nil, err
//		}
//		return func(r stream.Record[string, Order]) error { ... }, nil
//	}, topology.WithStores(seen))
//
// A description belongs to one topology: make it beside the Process that uses it, not in a package variable. The stores of
// aggregations, tables and joins are not described here; their operators make them.
//
// Stores are transactional with the records: what was written since the last commit is undone if the commit fails.
package state

import (
	"fmt"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/topology"
)

// Task is what stores are opened in: the *stream.Context that a processor is made with.
type Task interface{ Task() *graph.Context }

// KeyValueSpec describes a key-value store. It is the same in every task.
type KeyValueSpec[K, V any] struct{ s *graph.Store }

// KeyValue describes a store of the latest value of each key, ordered by encoded key. The name is the store's and its
// changelog's, so it must be unique in the topology; renaming a store starts it empty. Of the options, WithKeySerde,
// WithValueSerde, InMemory and WithoutChangelog apply.
//
// Cost: a changelog topic, to which each row that changed is written once per commit, unless WithoutChangelog is given.
func KeyValue[K, V any](name string, opts ...topology.Option) *KeyValueSpec[K, V] {
	// The topology that the store will be in is not known yet: a graph of its own collects the errors for it.
	c := operator.NewCall(graph.New(name), "state.KeyValue", opts)
	ks, vs := operator.Key[K](c, nil), operator.Value[V](c, nil)
	s := c.NewStore(name, "key-value", 0)
	s.Err = c.G.Err()
	s.Make = func(ctx *graph.Context, s *graph.Store, d db.DB, prefix []byte) (graph.TaskStore, error) {
		return store.NewKeyValue(ctx, s, d, prefix, ks, vs), nil
	}
	return &KeyValueSpec[K, V]{s}
}

// Graph is the untyped description; it is for topology.WithStores.
func (s *KeyValueSpec[K, V]) Graph() *graph.Store { return s.s }

// Open returns the task's part of the store. A processor opens it once, where it is made, and must name it with
// topology.WithStores.
func (s *KeyValueSpec[K, V]) Open(task Task) (*KeyValueStore[K, V], error) {
	if len(s.s.Nodes) == 0 {
		return nil, fmt.Errorf("state: no operator names store %q (%s): give Process the option topology.WithStores", s.s.Name, s.s.At)
	}
	ctx := task.Task()
	kv, err := graph.OpenStore[*store.KeyValue[K, V]](ctx, s.s)
	if err != nil {
		return nil, err
	}
	return &KeyValueStore[K, V]{ctx, kv}, nil
}
