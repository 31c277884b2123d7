package state

import (
	"iter"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
)

// KeyValueStore is one task's part of a key-value store: the rows of the keys in its partition. It is used by the task's
// goroutine only, in the functions that the processor made.
//
// A value that was put, and one that Get or an iterator gave, is shared: it must not be changed afterwards. Copy it,
// change the copy and put that. Rows carry a timestamp in milliseconds; [KeyValueStore.Put] gives them stream time.
type KeyValueStore[K, V any] struct {
	ctx *graph.Context
	kv  *store.KeyValue[K, V]
}

// Row is a row of a store. Its timestamp is in milliseconds since the epoch.
type Row[K, V any] struct {
	Key       K
	Value     V
	Timestamp int64
}

// Get returns the value of a key; ok is false if there is none.
//
// Cost: a look-up in memory for rows that changed since the last commit and for those read lately, else in the store's
// files, and decoding.
func (s *KeyValueStore[K, V]) Get(k K) (v V, ok bool, err error) {
	v, _, ok, err = s.kv.Get(k)
	return v, ok, err
}

// GetRow is [KeyValueStore.Get] with the row's timestamp.
func (s *KeyValueStore[K, V]) GetRow(k K) (r Row[K, V], ok bool, err error) {
	r.Key = k
	r.Value, r.Timestamp, ok, err = s.kv.Get(k)
	return r, ok, err
}

// Put sets the value of a key, with the task's stream time as the row's timestamp (0 before the first record). A nil V,
// of a type that can be nil, deletes the row.
//
// Cost: encodes the value if something in it could still be changed (it holds a pointer, slice or map); otherwise it is
// encoded once per commit.
func (s *KeyValueStore[K, V]) Put(k K, v V) error { return s.PutAt(k, v, max(0, s.ctx.StreamTime)) }

// PutAt is [KeyValueStore.Put] with a timestamp, in milliseconds since the epoch.
func (s *KeyValueStore[K, V]) PutAt(k K, v V, timestamp int64) error {
	e, err := s.kv.Entry(k)
	if err != nil {
		return err
	}
	if store.Nilable[V]() && store.IsNil(&v) {
		s.kv.Remove(e, timestamp)
		return nil
	}
	return s.kv.SetShared(e, v, timestamp)
}

// Delete deletes the row of a key; a key without one is no error.
func (s *KeyValueStore[K, V]) Delete(k K) error {
	e, err := s.kv.Entry(k)
	if err != nil || !e.Has() {
		return err
	}
	s.kv.Remove(e, max(0, s.ctx.StreamTime))
	return nil
}

// All yields every row, in the order of the encoded keys. Like the other iterators, it yields the rows as they are when
// it starts, so the loop may put and delete; an error ends it, as the last pair. Rows are decoded as they are reached.
func (s *KeyValueStore[K, V]) All() iter.Seq2[Row[K, V], error] { return rows(store.All(s.kv)) }

// Range yields the rows with from <= key < to in the order of the encoded keys: strings and the keys of structs sort as
// their values do, and so do integers that are not negative.
func (s *KeyValueStore[K, V]) Range(from, to K) iter.Seq2[Row[K, V], error] {
	return rows(store.Range(s.kv, from, to, false))
}

// RangeBackward is [KeyValueStore.Range] from the last row to the first.
func (s *KeyValueStore[K, V]) RangeBackward(from, to K) iter.Seq2[Row[K, V], error] {
	return rows(store.Range(s.kv, from, to, true))
}

// Prefix yields the rows whose encoded key starts with these bytes, in the order of the encoded keys: of a struct used as
// a key, the bytes of its leading fields.
func (s *KeyValueStore[K, V]) Prefix(p []byte) iter.Seq2[Row[K, V], error] {
	return rows(store.Prefix(s.kv, p))
}

func rows[K, V any](from iter.Seq2[store.Row[K, V], error]) iter.Seq2[Row[K, V], error] {
	return func(yield func(Row[K, V], error) bool) {
		for r, err := range from {
			if !yield(Row[K, V](r), err) {
				return
			}
		}
	}
}
