package state

import (
	"fmt"
	"time"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/topology"
)

// VersionedSpec describes a versioned store. It is the same in every task.
type VersionedSpec[K, V any] struct{ s *graph.Store }

// Versioned describes a store of the versions of each key's value, each valid from its timestamp until the next one's. The latest
// version of a key never expires; one that ended before the latest time put, less history, has. Options: see [KeyValue].
//
// Cost: a row per version, each of which goes to the changelog when it is put, and once more when another takes its place as the
// latest. Kafka Streams: Stores.versionedKeyValueStoreBuilder (KIP-889).
func Versioned[K, V any](name string, history time.Duration, opts ...topology.Option) *VersionedSpec[K, V] {
	s := &VersionedSpec[K, V]{described("state.Versioned", "versioned", name, history.Milliseconds(), opts, func(c *operator.Call) build {
		lasting(c, "history", history, 0)
		ks, vs := operator.Key[K](c, nil), operator.Value[V](c, nil)
		return func(ctx *graph.Context, s *graph.Store, d db.DB, prefix []byte) graph.TaskStore {
			return store.NewVersioned(ctx, s, d, prefix, ks, vs)
		}
	})}
	s.s.Versioned = true
	return s
}

// Graph is the untyped description; it is for topology.WithStores.
func (s *VersionedSpec[K, V]) Graph() *graph.Store { return s.s }

// Open returns the task's part of the store: see [KeyValueSpec.Open].
func (s *VersionedSpec[K, V]) Open(task Task) (*VersionedStore[K, V], error) {
	v, err := open[*store.Versioned[K, V]](task, s.s)
	if err != nil {
		return nil, err
	}
	return &VersionedStore[K, V]{task, v}, nil
}

// VersionedStore is one task's part of a versioned store. It is used as a [KeyValueStore] is, and its values are shared as there.
// The timestamp of a row is when its version began.
type VersionedStore[K, V any] struct {
	task Task
	v    *store.Versioned[K, V]
}

// What Put returns besides the time at which a version ends.
const (
	NotPut = store.NotPut      // it is older than the history, and was counted as dropped
	Latest = store.OpenVersion // it is the latest
)

// Put adds a version that is valid from a timestamp, in milliseconds, or replaces the one with that timestamp. A nil V, of a type
// that can be nil, is a delete: see [VersionedStore.Delete]. It returns when the version ends, [Latest] or [NotPut].
func (s *VersionedStore[K, V]) Put(k K, v V, timestamp int64) (validTo int64, err error) {
	return s.put(k, v, store.Nilable[V]() && store.IsNil(&v), timestamp)
}

func (s *VersionedStore[K, V]) put(k K, v V, null bool, timestamp int64) (validTo int64, err error) {
	if timestamp < 0 {
		return 0, fmt.Errorf("state: a version from %d ms: times are not before 1970", timestamp)
	}
	validTo, err = s.v.Put(k, v, null, timestamp)
	if err == nil && validTo == NotPut {
		s.task.Skip("older than the store's history")
	}
	return validTo, err
}

// Delete adds a version without a value, as Put does: from its timestamp until the next version there is none.
func (s *VersionedStore[K, V]) Delete(k K, timestamp int64) (validTo int64, err error) {
	var none V
	return s.put(k, none, true, timestamp)
}

// Get returns the latest version of a key; ok is false if there is none, or it is a delete.
//
// Cost: see [KeyValueStore.Get].
func (s *VersionedStore[K, V]) Get(k K) (r Row[K, V], ok bool, err error) {
	r.Key = k
	r.Value, r.Timestamp, ok, err = s.v.Get(k)
	return r, ok, err
}

// GetAt returns the version of a key that was valid at a time; ok is false if there was none. For a time before the history that is
// the latest version, if it is as old.
//
// Cost: that of Get where the latest version was valid then; else a search in the store's files.
func (s *VersionedStore[K, V]) GetAt(k K, at int64) (r Row[K, V], ok bool, err error) {
	r.Key = k
	r.Value, r.Timestamp, ok, err = s.v.GetAt(k, at)
	return r, ok, err
}
