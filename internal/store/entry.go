package store

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
)

// entry is a row in the overlay without its value, which is there in up to two forms: decoded when typed, row when enc.
type entry struct {
	key   string // the row's key in the DB, prefix included
	row   []byte // timestamp and encoded value
	ts    int64
	typed bool
	enc   bool
	has   bool  // the row exists
	dirty bool  // differs from the DB
	inDB  bool  // the DB has the row, or may have
	turn  int   // its place in the order of last writes
	dbTS  int64 // the timestamp of the DB's row, -1 without one
	// What was last emitted of the row, for stores that emit on commit: while untold is set.
	oldRow []byte
	oldHas bool
	untold bool
}

// Entry is a row in the overlay. INVARIANT: entry is its first field, and every entry is that of an Entry, so that typed
// may go from one to the other.
type Entry[V any] struct {
	entry
	val V
}

// typed is the Entry that e is of; V must be the store's.
func typed[V any](e *entry) *Entry[V] { return (*Entry[V])(unsafe.Pointer(e)) }

// Has reports whether the row exists.
func (e *entry) Has() bool { return e.has }

// Timestamp is the row's, in milliseconds.
func (e *entry) Timestamp() int64 { return e.ts }

// load takes a row of the DB.
func load(e *entry, row []byte) error {
	if len(row) < 8 {
		return fmt.Errorf("the row of key %q has %d bytes, fewer than its timestamp", e.key, len(row))
	}
	e.row = append(e.row[:0], row...)
	e.ts = int64(binary.BigEndian.Uint64(row))
	e.dbTS, e.enc = e.ts, true
	return nil
}

// cells reads and writes the values of rows.
type cells[V any] struct {
	over  *core
	value serde.Serde[V]
	kept  bool // V is immutable: no need of bytes for values that were forwarded
}

// newCells makes the overlay of a store. (Inlined, its closures would be compiled at each call.)
//
//go:noinline
func newCells[V any](c *graph.Context, s *graph.Store, d db.DB, prefix []byte, value serde.Serde[V]) cells[V] {
	over := newCore(c, s, d, prefix, values{
		make: func() *entry { return &new(Entry[V]).entry },
		copy: func(of []*entry) []*entry {
			all, out := make([]Entry[V], len(of)), make([]*entry, len(of))
			for i, e := range of {
				all[i] = *typed[V](e)
				out[i] = &all[i].entry
			}
			return out
		},
		append: func(dst []byte, e *entry) ([]byte, error) { return value.Append(dst, typed[V](e).val) },
		drop: func(e *entry) {
			var none V
			typed[V](e).val = none
		},
	})
	return cells[V]{over: over, value: value, kept: Immutable[V]()}
}

// Value is the row's value, decoded once; the zero V if there is no row. The caller must not change it unless it sets it again.
func (s *cells[V]) Value(e *Entry[V]) (V, error) {
	if e.typed || !e.has {
		return e.val, nil
	}
	v, err := s.value.Decode(e.row[8:])
	if err != nil {
		return v, s.over.badRow(&e.entry, "row", err)
	}
	e.val, e.typed = v, true
	return v, nil
}

// Copy is the row's value as nobody else holds it.
func (s *cells[V]) Copy(e *Entry[V]) (V, error) {
	if s.kept || !e.has {
		return s.Value(e)
	}
	var v V
	row, err := s.over.encode(nil, &e.entry)
	if err != nil {
		return v, err
	}
	if v, err = s.value.Decode(row[8:]); err != nil {
		err = s.over.oneWay(&e.entry, err)
	}
	return v, err
}

// Touch must be called before a value that Value returned is changed in place.
func (s *cells[V]) Touch(e *Entry[V]) { s.over.touch(&e.entry) }

// Set puts a value that belongs to the store from now on: an aggregator's.
func (s *cells[V]) Set(e *Entry[V], v V, ts int64) {
	s.over.put(&e.entry, ts)
	e.val = v
}

// SetShared puts a value that was, or will be, forwarded by others.
func (s *cells[V]) SetShared(e *Entry[V], v V, ts int64) error {
	if s.kept {
		s.Set(e, v, ts)
		return nil
	}
	row, err := s.value.Append(binary.BigEndian.AppendUint64(nil, uint64(ts)), v)
	if err != nil {
		return fmt.Errorf("store %s: encode: %w", s.over.name, err)
	}
	s.over.putRow(&e.entry, row, ts)
	return nil
}

// Remove deletes the row.
func (s *cells[V]) Remove(e *Entry[V], ts int64) { s.over.del(&e.entry, ts) }
