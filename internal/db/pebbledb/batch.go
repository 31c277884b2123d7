package pebbledb

import (
	"bytes"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/millrace-go/millrace/internal/db"
)

// maxBatch is well below what makes Pebble panic. A batch over half a memtable skips the memtable and is flushed as a
// table of its own: good for a restore, bad as a habit.
const maxBatch = 1 << 30

// batch is a Pebble batch, whose memory comes from a pool of all DBs and returns there.
type batch struct {
	db *DB
	p  *pebble.Batch // nil once done
}

// Batch implements [db.DB].
func (d *DB) Batch() db.Batch {
	if d.closed {
		return &batch{db: d, p: new(pebble.Batch)}
	}
	if d.loading {
		b := d.spare
		b.batch, d.spare = batch{db: d, p: d.p.NewBatch()}, loadBatch{}
		return &b
	}
	return &batch{db: d, p: d.p.NewBatch()}
}

// room says whether n more bytes may be written.
func (b *batch) room(n int) error {
	switch {
	case b.p == nil:
		return db.ErrBatchDone
	case b.db.closed:
		return db.ErrClosed
	case b.p.Len()+n > maxBatch:
		return fmt.Errorf("pebbledb: %s: a batch of more than %d bytes: commit more often", b.db.dir, maxBatch)
	}
	return nil
}

func (b *batch) Set(key, value []byte) error {
	if err := b.room(len(key) + len(value)); err != nil {
		return err
	}
	op := b.p.SetDeferred(1+len(key), len(value))
	op.Key[0] = lead
	copy(op.Key[1:], key)
	copy(op.Value, value)
	return op.Finish()
}

func (b *batch) Delete(key []byte) error {
	if err := b.room(len(key)); err != nil {
		return err
	}
	op := b.p.DeleteDeferred(1 + len(key))
	op.Key[0] = lead
	copy(op.Key[1:], key)
	return op.Finish()
}

func (b *batch) DeleteRange(lower, upper []byte) error {
	if err := b.room(len(lower) + len(upper)); err != nil {
		return err
	}
	if upper != nil && bytes.Compare(lower, upper) >= 0 {
		return nil // to Pebble that is an error
	}
	b.db.bound(lower, upper)
	return b.p.DeleteRange(b.db.lower, b.db.upper, nil)
}

// Commit implements [db.Batch]. It waits where flushes or compactions are far behind.
func (b *batch) Commit() error {
	d := b.db
	if b.p == nil {
		return db.ErrBatchDone
	}
	defer b.Discard()
	if d.closed {
		return db.ErrClosed
	}
	if b.p.Empty() {
		return nil
	}
	d.dropIdle()
	if err := d.gate.enter(b.p.Len(), d.latch, d.beginFlush); err != nil {
		return err
	}
	if err := d.p.Apply(b.p, pebble.NoSync); err != nil {
		return explain(d.dir, err)
	}
	d.dirty = true
	return d.latch.err()
}

func (b *batch) Discard() {
	if b.p != nil {
		_ = b.p.Close() // fails only for a batch closed before
		b.p = nil
	}
}
