package state

import (
	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/topology"
)

// KeyValueSpec describes a key-value store. It is the same in every task.
type KeyValueSpec[K, V any] struct{ s *graph.Store }

// KeyValue describes a store of the latest value of each key, ordered by encoded key. The name is the store's and its
// changelog's, so it must be unique in the topology; renaming a store starts it empty. Of the options, WithKeySerde,
// WithValueSerde, InMemory and WithoutChangelog apply.
//
// Cost: a changelog topic, to which each row that changed is written once per commit, unless WithoutChangelog is given.
// Kafka Streams: Stores.timestampedKeyValueStoreBuilder.
func KeyValue[K, V any](name string, opts ...topology.Option) *KeyValueSpec[K, V] {
	return &KeyValueSpec[K, V]{described("state.KeyValue", "key-value", name, 0, opts, func(c *operator.Call) build {
		ks, vs := operator.Key[K](c, nil), operator.Value[V](c, nil)
		return func(ctx *graph.Context, s *graph.Store, d db.DB, prefix []byte) graph.TaskStore {
			return store.NewKeyValue(ctx, s, d, prefix, ks, vs)
		}
	})}
}

// Graph is the untyped description; it is for topology.WithStores.
func (s *KeyValueSpec[K, V]) Graph() *graph.Store { return s.s }

// Open returns the task's part of the store. A processor opens it once, where it is made, and must name it with
// topology.WithStores.
func (s *KeyValueSpec[K, V]) Open(task Task) (*KeyValueStore[K, V], error) {
	kv, err := open[*store.KeyValue[K, V]](task, s.s)
	if err != nil {
		return nil, err
	}
	return &KeyValueStore[K, V]{task.Task(), kv}, nil
}
