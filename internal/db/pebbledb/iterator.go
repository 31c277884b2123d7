package pebbledb

import (
	"bytes"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/millrace-go/millrace/internal/db"
)

// maxIdle is how many iterators are kept for the next Iter. One scan rarely runs inside more than one other.
const maxIdle = 2

type state uint8

const (
	unmoved state = iota
	forward
	backward
	ended
	closed
)

type iterator struct {
	db    *DB
	p     *pebble.Iterator // nil for an empty range
	idles bool             // p may serve again: nothing was committed since it was made
	state state
	at    bool // at a key
	value []byte
	err   error
}

// Iter implements [db.DB].
//
// To make Pebble's iterator costs several times what a short scan does, so one that was closed is used again with other
// bounds. INVARIANT: an iterator in d.idle, or with idles set, sees the current state; Commit and Flush see to that.
func (d *DB) Iter(lower, upper []byte) (db.Iterator, error) {
	if d.closed {
		return nil, db.ErrClosed
	}
	i := &iterator{db: d, idles: true}
	if upper != nil && bytes.Compare(lower, upper) >= 0 {
		return i, nil
	}
	d.bound(lower, upper)
	if n := len(d.idle); n > 0 {
		i.p, d.idle = d.idle[n-1], d.idle[:n-1]
		i.p.SetBounds(d.lower, d.upper)
	} else {
		var err error
		i.p, err = d.p.NewIter(&pebble.IterOptions{LowerBound: d.lower, UpperBound: d.upper})
		if err != nil {
			return nil, explain(d.dir, err)
		}
	}
	d.open = append(d.open, i)
	return i, nil
}

// dropIdle closes the idle iterators and that of Get, and has the open ones closed when their users are done. After a
// commit they would show old rows; after a flush they would keep memtables in memory and dead tables on the disk.
func (d *DB) dropIdle() {
	for _, p := range d.idle {
		_ = p.Close() // it had no error when it became idle, and was not moved since
	}
	d.idle = d.idle[:0]
	if d.reader != nil {
		_ = d.reader.Close() // its errors were returned by Get
		d.reader = nil
	}
	for _, i := range d.open {
		i.idles = false
	}
}

func (i *iterator) Next() bool {
	if !i.ready(forward) {
		return false
	}
	if i.state == unmoved {
		return i.arrive(forward, i.p.First())
	}
	return i.arrive(forward, i.p.Next())
}

func (i *iterator) Prev() bool {
	if !i.ready(backward) {
		return false
	}
	if i.state == unmoved {
		return i.arrive(backward, i.p.Last())
	}
	return i.arrive(backward, i.p.Prev())
}

// ready says whether the iterator can move in direction to.
func (i *iterator) ready(to state) bool {
	switch {
	case i.db.closed:
		i.fail(db.ErrClosed)
	case i.state == forward && to == backward, i.state == backward && to == forward:
		i.fail(db.ErrIterDirection)
	case i.p == nil:
		return false // an empty range, or closed
	}
	return i.state == unmoved || i.state == to
}

func (i *iterator) arrive(to state, ok bool) bool {
	err := i.p.Error()
	if ok {
		i.value, err = i.p.ValueAndErr()
	}
	if !ok || err != nil {
		i.fail(explain(i.db.dir, err))
		return false
	}
	i.state, i.at = to, true
	return true
}

// fail ends the walk, with an error or without.
func (i *iterator) fail(err error) {
	if i.state != closed {
		i.state = ended
	}
	i.at, i.value = false, nil
	if i.err == nil {
		i.err = err
	}
}

func (i *iterator) Key() []byte {
	if !i.at {
		return nil
	}
	return i.p.Key()[1:]
}

func (i *iterator) Value() []byte { return i.value }

func (i *iterator) Err() error { return i.err }

func (i *iterator) Close() error {
	if i.state == closed {
		return nil
	}
	i.state, i.at, i.value = closed, false, nil
	d, p := i.db, i.p
	i.p = nil
	if p == nil {
		return nil
	}
	n := slices.Index(d.open, i)
	d.open[n] = d.open[len(d.open)-1]
	d.open[len(d.open)-1] = nil
	d.open = d.open[:len(d.open)-1]
	if i.idles && i.err == nil && !d.closed && len(d.idle) < maxIdle {
		d.idle = append(d.idle, p)
		return nil
	}
	if err := p.Close(); err != nil && i.err == nil {
		return explain(d.dir, err)
	}
	return nil
}
