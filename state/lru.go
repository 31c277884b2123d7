package state

import (
	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/topology"
)

// LRUSpec describes a bounded store. It is the same in every task.
type LRUSpec[K, V any] struct{ s *graph.Store }

// LRU describes a key-value store of up to limit rows in each task: when there are more, the one that was put or got least recently
// is removed. Options: see [KeyValue].
//
// Cost: the order of the rows is in memory, and part of them: reading a row changes it, so that it goes to the changelog, too. A
// crash and a rebalance change nothing about which row is removed. Kafka Streams: Stores.lruMap, which forgets the order.
func LRU[K, V any](name string, limit int, opts ...topology.Option) *LRUSpec[K, V] {
	return &LRUSpec[K, V]{described("state.LRU", "lru", name, 0, opts, func(c *operator.Call) build {
		if limit < 1 {
			c.Errorf("a limit of %d rows: give one at least", limit)
		}
		ks, vs := operator.Key[K](c, nil), operator.Value[V](c, nil)
		return func(ctx *graph.Context, s *graph.Store, d db.DB, prefix []byte) graph.TaskStore {
			return store.NewLRU(ctx, s, d, prefix, ks, vs, limit)
		}
	})}
}

// Graph is the untyped description; it is for topology.WithStores.
func (s *LRUSpec[K, V]) Graph() *graph.Store { return s.s }

// Open returns the task's part of the store: see [KeyValueSpec.Open].
func (s *LRUSpec[K, V]) Open(task Task) (*LRUStore[K, V], error) {
	l, err := open[*store.LRU[K, V]](task, s.s)
	if err != nil {
		return nil, err
	}
	return &LRUStore[K, V]{task.Task(), l}, nil
}

// LRUStore is one task's part of a bounded store. It is used as a [KeyValueStore] is, and its values are shared as there.
type LRUStore[K, V any] struct {
	ctx *graph.Context
	l   *store.LRU[K, V]
}

// Get returns the value of a key, which is then the one used last; ok is false if there is none.
func (s *LRUStore[K, V]) Get(k K) (v V, ok bool, err error) { return s.l.Get(k) }

// Put sets the value of a key, which is then the one used last, and removes the row used least recently if there are too many.
// A nil V, of a type that can be nil, deletes the row.
func (s *LRUStore[K, V]) Put(k K, v V) error {
	if store.Nilable[V]() && store.IsNil(&v) {
		return s.Delete(k)
	}
	return s.l.Put(k, v, max(0, s.ctx.StreamTime))
}

// Delete deletes the row of a key; a key without one is no error.
func (s *LRUStore[K, V]) Delete(k K) error {
	_, _, err := s.l.Delete(k, max(0, s.ctx.StreamTime))
	return err
}

// Len is how many rows there are.
func (s *LRUStore[K, V]) Len() (int, error) { return s.l.Len() }
