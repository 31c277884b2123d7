package pebbledb

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// loadBatch is a batch of a load: it hands its rows to Pebble in the order of their keys, and of writes to one key the last.
// Pebble makes a table of a batch that is larger than half a memtable, for which it sorts it as well, but at several times the
// cost; in a smaller one each row finds its place in the memtable next to the one before.
type loadBatch struct {
	batch
	rows  []loadRow
	arena []byte // keys and values, one after the other
}

// loadRow is a write. Its key begins at at in the arena, its value after that. All fits 32 bits: see maxBatch.
type loadRow struct {
	head       uint64 // the first eight bytes of the key, which decide most comparisons
	order      int32  // among the writes
	at         int32
	key, value int32 // their lengths; a value of -1 deletes
}

func headOf(key []byte) uint64 {
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}

func (b *loadBatch) add(key, value []byte, n int) error {
	if err := b.room(len(b.arena) + len(key) + len(value)); err != nil {
		return err
	}
	b.rows = append(b.rows, loadRow{headOf(key), int32(len(b.rows)), int32(len(b.arena)), int32(len(key)), int32(n)})
	b.arena = append(append(b.arena, key...), value...)
	return nil
}

func (b *loadBatch) Set(key, value []byte) error { return b.add(key, value, len(value)) }
func (b *loadBatch) Delete(key []byte) error     { return b.add(key, nil, -1) }

func (b *loadBatch) DeleteRange(lower, upper []byte) error {
	if err := b.spill(); err != nil { // what was written before it
		return err
	}
	return b.batch.DeleteRange(lower, upper)
}

// Commit hands what it collected its rows in to the next batch.
func (b *loadBatch) Commit() error {
	defer b.Discard()
	if err := b.spill(); err != nil {
		return err
	}
	b.db.spare = loadBatch{rows: b.rows, arena: b.arena}
	return b.batch.Commit()
}

// spill hands over what there is.
func (b *loadBatch) spill() error {
	if len(b.rows) == 0 || b.p == nil || b.db.closed { // Commit says so
		return nil
	}
	slices.SortFunc(b.rows, func(x, y loadRow) int {
		if x.head != y.head {
			if x.head < y.head {
				return -1
			}
			return 1
		}
		if c := bytes.Compare(b.keyOf(&x), b.keyOf(&y)); c != 0 {
			return c
		}
		return int(x.order - y.order)
	})
	if b.p.Empty() {
		_ = b.p.Close() // fails only for a batch closed before
		b.p = b.db.p.NewBatchWithSize(len(b.arena) + 16*len(b.rows))
	}
	for i := range b.rows {
		r := &b.rows[i]
		key := b.keyOf(r)
		if i+1 < len(b.rows) && bytes.Equal(key, b.keyOf(&b.rows[i+1])) {
			continue // written again later
		}
		var err error
		if r.value < 0 {
			err = b.batch.Delete(key)
		} else {
			err = b.batch.Set(key, b.arena[r.at+r.key:][:r.value])
		}
		if err != nil {
			return err
		}
	}
	b.rows, b.arena = b.rows[:0], b.arena[:0]
	return nil
}

func (b *loadBatch) keyOf(r *loadRow) []byte { return b.arena[r.at:][:r.key] }
