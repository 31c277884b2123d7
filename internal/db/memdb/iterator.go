package memdb

import (
	"github.com/tidwall/btree"

	"github.com/millrace-go/millrace/internal/db"
)

type state uint8

const (
	unmoved state = iota
	forward
	backward
	ended
	closed
)

type iterator struct {
	db           *DB
	tree         *tree
	walk         btree.IterG[row]
	lower, upper row
	toEnd        bool // no upper bound
	state        state
	at           bool // at a key
	err          error
}

func (i *iterator) Next() bool {
	if !i.ready(forward) {
		return false
	}
	var ok bool
	if i.state == unmoved {
		ok = i.walk.Seek(i.lower)
	} else {
		ok = i.walk.Next()
	}
	return i.arrive(forward, ok && (i.toEnd || less(i.walk.Item(), i.upper)))
}

func (i *iterator) Prev() bool {
	if !i.ready(backward) {
		return false
	}
	var ok bool
	switch {
	case i.state == backward:
		ok = i.walk.Prev()
	case i.toEnd || !i.walk.Seek(i.upper):
		ok = i.walk.Last()
	default:
		ok = i.walk.Prev()
	}
	return i.arrive(backward, ok && !less(i.walk.Item(), i.lower))
}

// ready says whether the iterator can move in direction to.
func (i *iterator) ready(to state) bool {
	switch {
	case i.db.closed:
		i.fail(db.ErrClosed)
	case i.state == forward && to == backward, i.state == backward && to == forward:
		i.fail(db.ErrIterDirection)
	}
	return i.state == unmoved || i.state == to
}

func (i *iterator) arrive(to state, ok bool) bool {
	i.state, i.at = to, ok
	if !ok {
		i.state = ended
	}
	return ok
}

func (i *iterator) fail(err error) {
	if i.state == closed {
		return
	}
	i.state, i.at, i.err = ended, false, err
}

func (i *iterator) Key() []byte {
	if !i.at {
		return nil
	}
	return i.walk.Item().key()
}

func (i *iterator) Value() []byte {
	if !i.at {
		return nil
	}
	return i.walk.Item().value()
}

func (i *iterator) Err() error { return i.err }

func (i *iterator) Close() error {
	if i.state == closed {
		return nil
	}
	if i.tree == i.db.tree {
		i.db.readers--
	}
	i.state, i.at, i.tree = closed, false, nil
	i.walk = btree.IterG[row]{}
	return nil
}
