package memdb

import "github.com/millrace-go/millrace/internal/db"

type kind uint8

const (
	set kind = iota
	del
	delRange
	delRest // a range without upper bound
)

// op is one write: a row to set, the key of one to delete, or the bounds of a range to delete as a row of its own.
type op struct {
	row  row
	kind kind
}

type batch struct {
	db   *DB
	ops  []op
	done bool
}

func (b *batch) add(k kind, key, value []byte) error {
	if b.done {
		return db.ErrBatchDone
	}
	if b.db.closed {
		return db.ErrClosed
	}
	b.ops = append(b.ops, op{newRow(key, value), k})
	return nil
}

func (b *batch) Set(key, value []byte) error { return b.add(set, key, value) }
func (b *batch) Delete(key []byte) error     { return b.add(del, key, nil) }

func (b *batch) DeleteRange(lower, upper []byte) error {
	if upper == nil {
		return b.add(delRest, lower, nil)
	}
	return b.add(delRange, lower, upper)
}

func (b *batch) Commit() error {
	if b.done {
		return db.ErrBatchDone
	}
	defer b.Discard()
	d := b.db
	if d.closed {
		return db.ErrClosed
	}
	if d.readers > 0 && len(b.ops) > 0 {
		d.tree, d.readers = d.tree.Copy(), 0
	}
	for i := range b.ops {
		switch o := &b.ops[i]; o.kind {
		case set:
			d.tree.SetHint(o.row, &d.hint)
		case del:
			d.tree.Delete(o.row)
		case delRange:
			upper := keyRow(o.row.value())
			d.deleteFrom(o.row, func(r row) bool { return less(r, upper) })
		case delRest:
			d.deleteFrom(o.row, func(row) bool { return true })
		}
	}
	return nil
}

// deleteFrom deletes the rows from lower on, as long as in holds. It finds them first: the tree must not change under its
// own walk.
func (d *DB) deleteFrom(lower row, in func(row) bool) {
	var rows []row
	d.tree.Ascend(lower, func(r row) bool {
		if !in(r) {
			return false
		}
		rows = append(rows, r)
		return true
	})
	for _, r := range rows {
		d.tree.Delete(r)
	}
}

// A list of writes that is longer than this is not kept for the next batch.
const maxKept = 1 << 16

// Discard hands the list of writes, emptied, back to the DB.
func (b *batch) Discard() {
	if b.done {
		return
	}
	b.done = true
	if c := cap(b.ops); !b.db.closed && c > cap(b.db.ops) && c <= maxKept {
		clear(b.ops)
		b.db.ops = b.ops[:0]
	}
	b.ops = nil
}
