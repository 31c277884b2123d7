package state

import (
	"iter"

	"github.com/millrace-go/millrace/internal/store"
)

// Reader reads a key-value store that something else writes: the rows of a table.Global. It is used by the task's goroutine
// only, in the functions that the processor made. A value that it gave is shared and must not be changed.
type Reader[K, V any] struct{ kv *store.KeyValue[K, V] }

// ReaderOf makes a Reader; it is for package table.
func ReaderOf[K, V any](kv *store.KeyValue[K, V]) *Reader[K, V] { return &Reader[K, V]{kv} }

// Get returns the value of a key; ok is false if there is none.
//
// Cost: a look-up in memory for rows that were read lately, else in the store's files, and decoding.
func (r *Reader[K, V]) Get(k K) (v V, ok bool, err error) {
	v, _, ok, err = r.kv.Get(k)
	return v, ok, err
}

// GetRow is [Reader.Get] with the row's timestamp.
func (r *Reader[K, V]) GetRow(k K) (row Row[K, V], ok bool, err error) {
	row.Key = k
	row.Value, row.Timestamp, ok, err = r.kv.Get(k)
	return row, ok, err
}

// All yields every row, in the order of the encoded keys, as they are when it starts. An error ends it, as the last pair.
// Rows are decoded as they are reached.
func (r *Reader[K, V]) All() iter.Seq2[Row[K, V], error] { return rows(store.All(r.kv)) }

// Range yields the rows with from <= key < to in the order of the encoded keys: see [KeyValueStore.Range].
func (r *Reader[K, V]) Range(from, to K) iter.Seq2[Row[K, V], error] {
	return rows(store.Range(r.kv, from, to, false))
}

// RangeBackward is [Reader.Range] from the last row to the first.
func (r *Reader[K, V]) RangeBackward(from, to K) iter.Seq2[Row[K, V], error] {
	return rows(store.Range(r.kv, from, to, true))
}

// Prefix yields the rows whose encoded key starts with these bytes: see [KeyValueStore.Prefix].
func (r *Reader[K, V]) Prefix(p []byte) iter.Seq2[Row[K, V], error] {
	return rows(store.Prefix(r.kv, p))
}
