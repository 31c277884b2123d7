package store

import (
	"encoding/binary"

	"github.com/millrace-go/millrace/internal/db"
)

// rows is the part of a store that does not depend on its types: a [graph.TaskStore]. It has these few methods and does
// not embed core, because each method of an embedded type is compiled again for every type that embeds it.
type rows struct{ core *core }

// Log writes the dirty rows, puts first: see graph.TaskStore.
func (r *rows) Log(write func(key, value []byte, ts int64) error) error {
	s := r.core
	s.arena.reset()
	kb := make([]byte, 0, 64) // an empty key is not a null one
	for _, e := range s.dirty {
		if !e.has {
			continue
		}
		if !e.enc {
			var err error
			if e.row, err = s.arena.append(func(dst []byte) ([]byte, error) { return s.encode(dst, e) }); err != nil {
				return err
			}
			e.enc = true
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

// Apply writes the dirty rows into b, and deletes what has expired; Log must have run.
func (r *rows) Apply(b db.Batch) error {
	s := r.core
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
	if s.expire != nil {
		return s.expire(b)
	}
	return nil
}

// Abort drops the overlay whole: clean values too may have been changed by an aggregator that then failed.
func (r *rows) Abort() {
	r.core.cur, r.core.prev, r.core.last = map[string]*entry{}, nil, nil
	r.core.clean()
	if r.core.forget != nil {
		r.core.forget()
	}
}

// Restore writes one changelog record.
func (r *rows) Restore(b db.Batch, key, value []byte, ts int64) error {
	s := r.core
	k := append(append(make([]byte, 0, len(s.prefix)+len(key)), s.prefix...), key...)
	if value == nil {
		return b.Delete(k)
	}
	row := append(binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(value)), uint64(ts)), value...)
	if err := b.Set(k, row); err != nil {
		return err
	}
	if s.onPut != nil {
		return s.onPut(&entry{key: string(k), row: row, ts: ts, dbTS: -1, has: true}, b)
	}
	return nil
}

// Dirty is about how many bytes of rows wait for the next commit.
func (r *rows) Dirty() int { return r.core.bytes }

// KeepOld makes Changed tell old values too.
func (r *rows) KeepOld() { r.core.keepOld = true }
