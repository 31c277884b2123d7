// Package store holds the stores of a task: a typed overlay of what changed since the last commit over ordered bytes
// (package db).
//
// A row that is updated many times between two commits is encoded once, sent to the changelog once and written to the
// DB once. Uncommitted rows never reach the DB, so an abort only drops the overlay.
//
// Who owns a value: a value that an aggregator returned belongs to the store, which keeps it as it is. A value that was
// forwarded may be shared, so unless its type is immutable the store keeps its bytes (see [KeyValue.Put]).
package store

import (
	"encoding/binary"
	"fmt"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
)

// Entry is a row in the overlay. Its value is there in up to two forms: val when typed, row when enc.
type Entry[V any] struct {
	key   string // the row's key in the DB, prefix included
	val   V
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

// core is the overlay, by encoded key.
type core[V any] struct {
	ctx    *graph.Context
	name   string
	d      db.DB
	prefix []byte
	value  serde.Serde[V]
	kept   bool // V is immutable: no need of bytes for values that were forwarded
	onPut  func(e *Entry[V], b db.Batch) error

	cur, prev map[string]*Entry[V] // entries touched since the last turnover, and before; dirty ones are all in cur
	dirty     []*Entry[V]
	turns     []turn[V] // in the order of last writes, when track is set; an entry counts where its turn points
	track     bool
	keepOld   bool
	sorted    []*Entry[V]
	nsorted   int
	bytes     int
	arena     []byte
}

// keep is how many clean entries the overlay holds on to: more cost memory and gained no speed (measured).
const keep = 2000

func newCore[V any](c *graph.Context, s *graph.Store, d db.DB, prefix []byte, v serde.Serde[V]) core[V] {
	return core[V]{
		ctx: c, name: s.Name, d: d, prefix: prefix, value: v, kept: Immutable[V](), track: s.EmitOnCommit,
		cur: map[string]*Entry[V]{},
	}
}

// get returns the entry of an encoded key (prefix included), from the overlay or the DB; it is there even if the row is not.
func (s *core[V]) get(key []byte) (*Entry[V], error) {
	if e := s.cur[string(key)]; e != nil {
		return e, nil
	}
	if e := s.prev[string(key)]; e != nil {
		s.cur[e.key] = e
		delete(s.prev, e.key)
		return e, nil
	}
	row, ok, err := s.d.Get(key)
	if err != nil {
		return nil, s.failed(err)
	}
	e := &Entry[V]{key: string(key), has: ok, inDB: ok, dbTS: -1}
	if ok {
		if err := e.load(row); err != nil {
			return nil, s.damaged(err)
		}
	}
	s.cur[e.key] = e
	return e, nil
}

func (e *Entry[V]) load(row []byte) error {
	if len(row) < 8 {
		return fmt.Errorf("the row of key %q has %d bytes, fewer than its timestamp", e.key, len(row))
	}
	e.row = append([]byte(nil), row...)
	e.ts = int64(binary.BigEndian.Uint64(row))
	e.dbTS, e.enc = e.ts, true
	return nil
}

// read returns the entry's value, decoding it once.
func (s *core[V]) read(e *Entry[V]) (V, error) {
	if e.typed || !e.has {
		return e.val, nil
	}
	v, err := s.value.Decode(e.row[8:])
	if err != nil {
		return v, s.damaged(fmt.Errorf("the row of key %q does not decode: %w", e.key, err))
	}
	e.val, e.typed = v, true
	return v, nil
}

// touch makes the entry dirty before it changes.
func (s *core[V]) touch(e *Entry[V]) {
	s.ctx.Mutated = true
	if !e.dirty {
		e.dirty = true
		s.dirty = append(s.dirty, e)
		s.bytes += len(e.key) + 64
		if s.track {
			e.oldRow, e.oldHas, e.untold = e.row, e.has, true
			if s.keepOld && e.has && !e.enc {
				// Encoding a value that was decoded or encoded before cannot fail but for a bug of its serde, which Log reports.
				e.oldRow, _ = s.encode(nil, e)
			}
		}
	}
	if s.track {
		s.take(e)
	}
}

// Touch must be called before a value that Value returned is changed in place.
func (s *core[V]) Touch(e *Entry[V]) { s.touch(e) }

// set puts an owned value.
func (s *core[V]) set(e *Entry[V], v V, ts int64) {
	s.touch(e)
	e.val, e.ts, e.typed, e.enc, e.has, e.row = v, ts, true, false, true, nil
}

// setShared puts a value that others may hold.
func (s *core[V]) setShared(e *Entry[V], v V, ts int64) error {
	if s.kept {
		s.set(e, v, ts)
		return nil
	}
	row, err := s.value.Append(binary.BigEndian.AppendUint64(nil, uint64(ts)), v)
	if err != nil {
		return fmt.Errorf("store %s: encode: %w", s.name, err)
	}
	s.touch(e)
	var none V
	e.val, e.ts, e.typed, e.enc, e.has, e.row = none, ts, false, true, true, row
	s.bytes += len(row)
	return nil
}

func (s *core[V]) del(e *Entry[V], ts int64) {
	s.touch(e)
	var none V
	e.val, e.row, e.ts, e.typed, e.enc, e.has = none, nil, ts, false, false, false
}

func (s *core[V]) encode(dst []byte, e *Entry[V]) ([]byte, error) {
	if e.enc {
		return append(dst, e.row...), nil
	}
	dst = binary.BigEndian.AppendUint64(dst, uint64(e.ts))
	dst, err := s.value.Append(dst, e.val)
	if err != nil {
		return nil, fmt.Errorf("store %s: encode the row of key %q: %w", s.name, e.key, err)
	}
	return dst, nil
}

// Log writes the dirty rows, puts first: see graph.TaskStore.
func (s *core[V]) Log(write func(key, value []byte, ts int64) error) error {
	s.arena = s.arena[:0]
	kb := make([]byte, 0, 64) // an empty key is not a null one
	for _, e := range s.dirty {
		if !e.has {
			continue
		}
		if !e.enc {
			from := len(s.arena)
			var err error
			if s.arena, err = s.encode(s.arena, e); err != nil {
				return err
			}
			e.row, e.enc = s.arena[from:len(s.arena):len(s.arena)], true
		}
		kb = append(kb[:0], e.key[len(s.prefix):]...)
		if err := write(kb, e.row[8:], e.ts); err != nil {
			return err
		}
	}
	for _, e := range s.dirty {
		if !e.has && e.inDB {
			kb = append(kb[:0], e.key[len(s.prefix):]...)
			if err := write(kb, nil, e.ts); err != nil {
				return err
			}
		}
	}
	return nil
}

// Apply writes the dirty rows into b; Log must have run.
func (s *core[V]) Apply(b db.Batch) error {
	var kb []byte
	for _, e := range s.dirty {
		kb = append(kb[:0], e.key...)
		switch {
		case e.has:
			if err := b.Set(kb, e.row); err != nil {
				return err
			}
			if s.onPut != nil {
				if err := s.onPut(e, b); err != nil {
					return err
				}
			}
			if e.typed { // the arena is used again
				e.row, e.enc = nil, false
			}
		case e.inDB:
			if err := b.Delete(kb); err != nil {
				return err
			}
		}
		e.dirty, e.inDB, e.oldRow, e.untold, e.dbTS = false, e.has, nil, false, -1
		if e.has {
			e.dbTS = e.ts
		}
	}
	s.clean()
	return nil
}

func (s *core[V]) clean() {
	clear(s.dirty)
	clear(s.turns)
	s.dirty, s.turns, s.sorted, s.nsorted, s.bytes = s.dirty[:0], s.turns[:0], s.sorted[:0], 0, 0
	if len(s.cur) > keep {
		s.prev, s.cur = s.cur, map[string]*Entry[V]{}
	}
}

// Abort drops the overlay whole: clean values too may have been changed by an aggregator that then failed.
func (s *core[V]) Abort() {
	s.cur, s.prev = map[string]*Entry[V]{}, nil
	s.clean()
}

// Restore writes one changelog record.
func (s *core[V]) Restore(b db.Batch, key, value []byte, ts int64) error {
	k := append(append(make([]byte, 0, len(s.prefix)+len(key)), s.prefix...), key...)
	if value == nil {
		return b.Delete(k)
	}
	row := append(binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(value)), uint64(ts)), value...)
	if err := b.Set(k, row); err != nil {
		return err
	}
	if s.onPut != nil {
		e := &Entry[V]{key: string(k), has: true}
		if err := e.load(row); err != nil {
			return err
		}
		e.dbTS = -1
		return s.onPut(e, b)
	}
	return nil
}

// Dirty is about how many bytes of rows wait for the next commit.
func (s *core[V]) Dirty() int { return s.bytes }
