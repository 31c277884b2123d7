package memdb

import "github.com/millrace-go/millrace/internal/db"

type kind uint8

const (
	set kind = iota
	del
	delRange
	delRest // a range without upper bound
)

// op is one write; bytes holds two slices one after the other: of a set the value and the key, of a deletion of a range
// upper and lower. A row is thus one allocation, and the tree keeps it as it is.
type op struct {
	bytes []byte
	split int
	kind  kind
}

func newOp(k kind, first, second []byte) op {
	b := make([]byte, len(first)+len(second))
	copy(b[copy(b, first):], second)
	return op{kind: k, bytes: b, split: len(first)}
}

// first cannot be appended to without a copy: what follows it is second.
func (o *op) first() []byte   { return o.bytes[:o.split:o.split] }
func (o *op) second() []byte  { return o.bytes[o.split:] }
func (o *op) secondS() string { return stringOf(o.second()) }

type batch struct {
	db   *DB
	ops  []op
	done bool
}

func (b *batch) add(k kind, first, second []byte) error {
	if b.done {
		return db.ErrBatchDone
	}
	if b.db.closed {
		return db.ErrClosed
	}
	b.ops = append(b.ops, newOp(k, first, second))
	return nil
}

func (b *batch) Set(key, value []byte) error { return b.add(set, value, key) }
func (b *batch) Delete(key []byte) error     { return b.add(del, nil, key) }

func (b *batch) DeleteRange(lower, upper []byte) error {
	if upper == nil {
		return b.add(delRest, nil, lower)
	}
	return b.add(delRange, upper, lower)
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
			d.tree.Set(o.secondS(), o.first())
		case del:
			d.tree.Delete(o.secondS())
		case delRange:
			upper := stringOf(o.first())
			d.deleteFrom(o.secondS(), func(key string) bool { return key < upper })
		case delRest:
			d.deleteFrom(o.secondS(), func(string) bool { return true })
		}
	}
	return nil
}

// deleteFrom deletes the keys from lower on, as long as in holds. It finds them first: the tree must not change under its
// own walk.
func (d *DB) deleteFrom(lower string, in func(key string) bool) {
	var keys []string
	d.tree.Ascend(lower, func(key string, _ []byte) bool {
		if !in(key) {
			return false
		}
		keys = append(keys, key)
		return true
	})
	for _, key := range keys {
		d.tree.Delete(key)
	}
}

// A list of writes that is longer than this is not kept for the next batch.
const maxKept = 1 << 14

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
