package store

import (
	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
)

// KeyValue is a timestamped key-value store, ordered by encoded key.
type KeyValue[K, V any] struct {
	rows
	cells[V]
	key serde.Serde[K]
}

// NewKeyValue makes a task's part of s.
func NewKeyValue[K, V any](c *graph.Context, s *graph.Store, d db.DB, prefix []byte, k serde.Serde[K], v serde.Serde[V]) *KeyValue[K, V] {
	vs := newCells(c, s, d, prefix, v)
	return &KeyValue[K, V]{rows: rows{vs.over}, cells: vs, key: k}
}

// Entry returns the row of k, which need not exist. It is valid until the next commit or abort.
func (s *KeyValue[K, V]) Entry(k K) (*Entry[V], error) {
	e, err := s.core.find(s.key.Append(s.core.start(), k))
	return typed[V](e), err
}

// Get returns k's value and timestamp; ok is false where there is no row.
func (s *KeyValue[K, V]) Get(k K) (v V, ts int64, ok bool, err error) {
	e, err := s.Entry(k)
	if err != nil {
		return v, 0, false, err
	}
	v, err = s.Value(e)
	return v, e.ts, e.has, err
}

// GetTold is Get of the row as Changed last told of it: see Told.
func (s *KeyValue[K, V]) GetTold(k K) (v V, ts int64, ok bool, err error) {
	e, err := s.Entry(k)
	if err != nil {
		return v, 0, false, err
	}
	return s.Told(e)
}

// KeyOf decodes the key of an entry.
func (s *KeyValue[K, V]) KeyOf(e *Entry[V]) (K, error) {
	k, err := s.key.Decode(s.core.tail(&e.entry))
	return k, s.core.badTail(&e.entry, err)
}
