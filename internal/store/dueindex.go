package store

import (
	"errors"

	"github.com/millrace-go/millrace/internal/db"
)

// look finds out whether the DB has an index. One of a store without rows has none, and gets its mark.
func (x *due) look() error {
	if _, ok, err := x.d.Get(x.prefix); err != nil || ok {
		x.state = whole
		return err
	}
	it, err := x.d.Iter(x.core.prefix, x.end)
	if err != nil {
		return err
	}
	rows := it.Next()
	if err := errors.Join(it.Err(), it.Close()); err != nil || rows {
		return err
	}
	x.state = whole
	return x.alone(func(b db.Batch) error { return b.Set(x.prefix, nil) })
}

// unmark takes the index away, if there is one.
func (x *due) unmark() error {
	_, ok, err := x.d.Get(x.prefix)
	if err != nil || !ok {
		return err
	}
	return x.alone(func(b db.Batch) error { return b.DeleteRange(x.prefix, after(x.prefix)) })
}

// alone commits what f writes.
func (x *due) alone(f func(b db.Batch) error) error {
	b := x.d.Batch()
	if err := f(b); err != nil {
		b.Discard()
		return err
	}
	return b.Commit()
}

// gather reads the items of all rows into the heap, if the DB has no index of them.
func (x *due) gather() error {
	if x.state != absent {
		return nil
	}
	x.state = inHeap
	return x.scan(x.core.prefix, x.end, false, func(e *entry) (bool, error) {
		row, err := x.encode(nil, e)
		if err != nil {
			return false, err
		}
		return true, x.items(x.core, &entry{key: e.key, row: row}, func(item []byte) error {
			if timeOf(item) >= *x.from {
				x.add(string(item))
			}
			return nil
		})
	})
}

// build puts what was gathered into the DB, and the mark.
func (x *due) build(b db.Batch) error {
	if err := x.gather(); err != nil {
		return err
	}
	for _, item := range x.fresh {
		if err := x.keep([]byte(item), b); err != nil {
			return err
		}
	}
	x.state = whole
	return b.Set(x.prefix, nil)
}
