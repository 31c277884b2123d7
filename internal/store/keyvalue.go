package store

import (
	"fmt"
	"iter"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
)

// KeyValue is a timestamped key-value store, ordered by encoded key.
type KeyValue[K, V any] struct {
	core[V]
	key serde.Serde[K]
	kb  []byte
}

// NewKeyValue makes a task's part of s.
func NewKeyValue[K, V any](c *graph.Context, s *graph.Store, d db.DB, prefix []byte, k serde.Serde[K], v serde.Serde[V]) *KeyValue[K, V] {
	return &KeyValue[K, V]{core: newCore(c, s, d, prefix, v), key: k}
}

// Entry returns the row of k, which need not exist. It is valid until the next commit or abort.
func (s *KeyValue[K, V]) Entry(k K) (*Entry[V], error) {
	kb, err := s.key.Append(append(s.kb[:0], s.prefix...), k)
	if err != nil {
		return nil, fmt.Errorf("store %s: encode key: %w", s.name, err)
	}
	s.kb = kb
	return s.get(kb)
}

// Has reports whether the row exists.
func (e *Entry[V]) Has() bool { return e.has }

// Timestamp is the row's, in milliseconds.
func (e *Entry[V]) Timestamp() int64 { return e.ts }

// Value is the row's value; the zero V if there is no row. The caller must not change it unless it sets it again.
func (s *core[V]) Value(e *Entry[V]) (V, error) { return s.read(e) }

// Copy is the row's value as nobody else holds it.
func (s *core[V]) Copy(e *Entry[V]) (V, error) {
	if s.kept || !e.has {
		return s.read(e)
	}
	row, err := s.encode(nil, e)
	if err != nil {
		var none V
		return none, err
	}
	v, err := s.value.Decode(row[8:])
	if err != nil {
		return v, fmt.Errorf("store %s: the row of key %q does not decode again: its serde must decode what it encodes: %w", s.name, e.key, err)
	}
	return v, nil
}

// Set puts a value that belongs to the store from now on: an aggregator's.
func (s *KeyValue[K, V]) Set(e *Entry[V], v V, ts int64) { s.set(e, v, ts) }

// SetShared puts a value that was, or will be, forwarded by others.
func (s *KeyValue[K, V]) SetShared(e *Entry[V], v V, ts int64) error { return s.setShared(e, v, ts) }

// Remove deletes the row.
func (s *KeyValue[K, V]) Remove(e *Entry[V], ts int64) { s.del(e, ts) }

// Get returns k's value and timestamp; ok is false where there is no row.
func (s *KeyValue[K, V]) Get(k K) (v V, ts int64, ok bool, err error) {
	e, err := s.Entry(k)
	if err != nil {
		return v, 0, false, err
	}
	v, err = s.read(e)
	return v, e.ts, e.has, err
}

// Row is a row of a range.
type Row[K, V any] struct {
	Key       K
	Value     V
	Timestamp int64
}

// All yields every row in key order. An error ends it, as the last pair.
func (s *KeyValue[K, V]) All() iter.Seq2[Row[K, V], error] {
	return s.between(s.prefix, nil, false)
}

// Range yields the rows with from <= key < to, compared as encoded, ascending or descending.
func (s *KeyValue[K, V]) Range(from, to K, backward bool) iter.Seq2[Row[K, V], error] {
	lo, err := s.key.Append(append([]byte(nil), s.prefix...), from)
	if err != nil {
		return failed[K, V](fmt.Errorf("store %s: encode key: %w", s.name, err))
	}
	hi, err := s.key.Append(append([]byte(nil), s.prefix...), to)
	if err != nil {
		return failed[K, V](fmt.Errorf("store %s: encode key: %w", s.name, err))
	}
	return s.between(lo, hi, backward)
}

// Prefix yields the rows whose encoded key starts with p.
func (s *KeyValue[K, V]) Prefix(p []byte) iter.Seq2[Row[K, V], error] {
	lo := append(append([]byte(nil), s.prefix...), p...)
	return s.between(lo, after(lo), false)
}

func (s *KeyValue[K, V]) between(lo, hi []byte, backward bool) iter.Seq2[Row[K, V], error] {
	return func(yield func(Row[K, V], error) bool) {
		err := s.scan(lo, hi, backward, func(key string, v V, ts int64) (bool, error) {
			k, err := s.key.Decode([]byte(key[len(s.prefix):]))
			if err != nil {
				return false, s.damaged(fmt.Errorf("key %q does not decode: %w", key[len(s.prefix):], err))
			}
			return yield(Row[K, V]{k, v, ts}, nil), nil
		})
		if err != nil {
			yield(Row[K, V]{}, err)
		}
	}
}

func failed[K, V any](err error) iter.Seq2[Row[K, V], error] {
	return func(yield func(Row[K, V], error) bool) { yield(Row[K, V]{}, err) }
}
