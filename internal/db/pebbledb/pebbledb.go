// Package pebbledb keeps a [db.DB] on disk, in a Pebble of its own.
//
// There is no write-ahead log: the changelogs of a task are its log, and each commit writes the changelogs' offsets in the
// same batch as the rows. A crash therefore loses the batches since the last flush, always a suffix, and the task reads
// that tail from its changelogs. A memtable is flushed when it is full and when Flush is called; nothing here flushes by
// time, so the owner of a DB calls Flush every now and then, or a task with little traffic has a long tail. A Flush with
// nothing new costs nothing.
//
// What can go wrong with a disk ends in an error of this package that names the directory and the fix. After a write to
// the disk failed, Commit and Flush fail with that error until the DB is closed and opened again, and reads go on.
package pebbledb

import (
	"github.com/cockroachdb/pebble/v2"

	"github.com/millrace-go/millrace/internal/db"
)

// DB is a task's rows on disk. Open makes one.
type DB struct {
	dir   string
	p     *pebble.DB
	lock  *pebble.Lock
	cache *Cache // closed with the DB if it is its own
	own   bool
	latch *latch
	files writing
	gate  *gate

	reader *pebble.Iterator   // for Get, of the current state; nil until one is wanted
	idle   []*pebble.Iterator // closed by their users, of the current state: see Iter
	open   []*iterator        // so that Close can close them
	dirty  bool               // something was committed since the last Flush
	closed bool

	loading bool      // see Load
	spare   loadBatch // what the last one collected its rows in

	lower, upper []byte // scratch: keys as Pebble has them
}

// lead is the first byte of every key on disk. Pebble's tables cannot hold an empty key (v2.1 panics in a flush), and with
// it the end of all keys has a name, lead+1.
const lead = 0

// bound sets the scratch to a range's bounds, as Pebble has them.
func (d *DB) bound(lower, upper []byte) {
	d.lower = append(append(d.lower[:0], lead), lower...)
	if upper == nil {
		d.upper = append(d.upper[:0], lead+1)
		return
	}
	d.upper = append(append(d.upper[:0], lead), upper...)
}

// Get implements [db.DB]. The value is Pebble's own memory, pinned until the next call.
//
// It is a seek of an iterator that lives until the next commit and not Pebble's Get, which builds its iterators anew each
// time and leaves the last level's filters out: measured in 100,000 rows, a missing key takes 0.2 to 0.8 us (by the state
// of L0) instead of 2.3, one that is there 1.3 to 2 instead of 3. A read after each commit, where the iterator serves but
// once, costs the same either way.
func (d *DB) Get(key []byte) (value []byte, ok bool, err error) {
	if d.closed {
		return nil, false, db.ErrClosed
	}
	if d.reader == nil {
		if d.reader, err = d.p.NewIter(&pebble.IterOptions{UseL6Filters: true}); err != nil {
			return nil, false, explain(d.dir, err)
		}
	}
	// To Pebble's default comparer a key is its own prefix, so this finds the key itself or nothing.
	d.lower = append(append(d.lower[:0], lead), key...)
	if ok = d.reader.SeekPrefixGE(d.lower); ok {
		value, err = d.reader.ValueAndErr()
	} else {
		err = d.reader.Error()
	}
	if err != nil {
		d.dropIdle()
		return nil, false, explain(d.dir, err)
	}
	return value, ok, nil
}

// Flush implements [db.DB]: it writes the memtables to the disk and waits until they are safe there.
func (d *DB) Flush() error {
	if d.closed {
		return db.ErrClosed
	}
	d.dropIdle()
	if err := d.latch.err(); err != nil {
		return err
	}
	if !d.dirty {
		return nil
	}
	flushed, err := d.p.AsyncFlush()
	if err != nil {
		return explain(d.dir, err)
	}
	// Pebble tries a failing flush again for ever, and would be waited for as long.
	select {
	case <-flushed:
		d.dirty = false
		return nil
	case <-d.latch.broken:
		return d.latch.err()
	}
}

// beginFlush is a Flush that is not waited for.
func (d *DB) beginFlush() error {
	_, err := d.p.AsyncFlush()
	return explain(d.dir, err)
}

// Close implements [db.DB]. It returns the error that broke the DB, if one did, and releases everything all the same.
func (d *DB) Close() error {
	if d.closed {
		return nil
	}
	err := d.Flush()
	d.closed = true
	for len(d.open) > 0 {
		_ = d.open[0].Close()
	}
	d.dropIdle()
	d.latch.letGo()
	closeErr := d.p.Close()
	d.files.closeRest()
	if err == nil {
		err = explain(d.dir, closeErr)
	}
	if lockErr := d.lock.Close(); err == nil {
		err = explain(d.dir, lockErr)
	}
	if d.own {
		d.cache.Close()
	}
	return err
}
