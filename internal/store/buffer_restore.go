package store

import (
	"slices"

	"github.com/millrace-go/millrace/internal/db"
)

// Restore writes one changelog record, and takes away the place of the row that it replaces: that may be in the DB, or in
// what the same batch holds already.
func (b *Buffer) Restore(batch db.Batch, key, value []byte, ts int64) error {
	if batch != b.batch {
		b.batch = batch
		clear(b.places)
	}
	b.order.forget()
	before, known := b.places[string(key)]
	if !known {
		var err error
		if before, err = b.placeOf(key); err != nil {
			return err
		}
	}
	if before != "" {
		if err := batch.Delete(b.order.key(nil, before)); err != nil {
			return err
		}
	}
	now := ""
	if value != nil {
		at, ok := heldTime(value)
		if !ok {
			return b.core.damaged(errHeld)
		}
		now = place(at, string(key))
		if err := batch.Set(b.order.key(nil, now), nil); err != nil {
			return err
		}
	}
	b.places[string(key)] = now
	return b.rows.Restore(batch, key, value, ts)
}

// placeOf is the place in time of a row of the DB, "" if there is none.
func (b *Buffer) placeOf(key []byte) (string, error) {
	row, ok, err := b.core.d.Get(append(slices.Clone(b.core.prefix), key...))
	if err != nil || !ok {
		return "", err
	}
	if len(row) < 8 {
		return "", b.core.damaged(errHeld)
	}
	at, ok := heldTime(row[8:])
	if !ok {
		return "", b.core.damaged(errHeld)
	}
	return place(at, string(key)), nil
}
