// Package db is what lies under a task's stores: ordered bytes, written in atomic batches.
//
// One DB belongs to one task and is used by one goroutine at a time. Package memdb keeps it in memory, package pebbledb
// on disk; package dbtest is the suite that both pass. There is no log under a DB: a store's changelog is its log, so
// that a DB may lose its youngest batches in a crash, but never one batch and not an older one.
package db

// DB is an ordered map of bytes. Keys compare as bytes.Compare does; a key and a value may be empty, and nil means empty.
// Slices passed in are copied; slices handed out are valid only until the next call on the same DB or iterator, and must
// not be written to. Every method of a closed DB, of its batches and of its iterators fails with [ErrClosed].
type DB interface {
	// Get returns the value of key. A missing key is ok == false and no error. An empty value is ok == true.
	Get(key []byte) (value []byte, ok bool, err error)
	// Iter walks the keys k with lower <= k < upper; a nil upper means to the end. It sees the DB as it was when made.
	Iter(lower, upper []byte) (Iterator, error)
	// Batch starts a set of writes that Commit applies at once, or not at all.
	Batch() Batch
	// Flush makes all committed batches survive the death of the process. A DB in memory does nothing.
	Flush() error
	// Close flushes and releases the DB, with the iterators left open. It is idempotent.
	Close() error
}

// Loader is a DB that takes very many rows at less cost if it is told that they come. What holds of the DB holds all the
// while: batches are applied at once or not at all, and a crash takes the youngest first.
type Loader interface {
	// Load(true) says that they come from now on, Load(false) that they have come; then it flushes, too.
	Load(on bool) error
}

// Batch collects writes; where they touch the same key, the later one counts. After Commit or Discard it must not be used
// again ([ErrBatchDone]), but for Discard, which then does nothing.
type Batch interface {
	Set(key, value []byte) error
	// Delete deletes key; a missing key is no error.
	Delete(key []byte) error
	// DeleteRange deletes the keys k with lower <= k < upper; a nil upper means to the end.
	DeleteRange(lower, upper []byte) error
	// Commit applies the batch. After an error that is neither ErrClosed nor ErrBatchDone nothing more can be committed:
	// close the DB, cure the cause and open it again.
	Commit() error
	Discard()
}

// Iterator is positioned before its first and after its last key: Next goes forward, Prev backward from the end, and
// one iterator is used in one direction only ([ErrIterDirection]). Whoever made it closes it.
type Iterator interface {
	// Next moves to the next key in ascending order and reports whether there is one.
	Next() bool
	// Prev moves to the next key in descending order and reports whether there is one.
	Prev() bool
	// Key is the key that the iterator is at, Value its value; nil before the walk and after it.
	Key() []byte
	Value() []byte
	// Err is the error that ended the walk, nil at its natural end.
	Err() error
	// Close releases the iterator. It is idempotent.
	Close() error
}
