package db

import "errors"

// Errors of misuse. Those of a disk are in package pebbledb.
var (
	// ErrClosed is returned by a DB after Close, and by what was made from it.
	ErrClosed = errors.New("db: closed: open it again")
	// ErrBatchDone is returned by a batch after Commit or Discard.
	ErrBatchDone = errors.New("db: batch was committed or discarded: start another one with Batch")
	// ErrNoUpper is returned by DeleteRange for a nil upper bound: no key is greater than all others, so an LSM cannot
	// say "to the end".
	ErrNoUpper = errors.New("db: DeleteRange without an upper bound: give the key after the last one to delete")
	// ErrIterDirection is the error of an iterator after Next and Prev were mixed.
	ErrIterDirection = errors.New("db: iterator was moved both ways: open one iterator per direction")
)
