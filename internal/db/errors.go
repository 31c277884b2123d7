package db

import "errors"

// Errors of misuse. Those of a disk are in package pebbledb.
var (
	// ErrClosed is returned by a DB after Close, and by what was made from it.
	ErrClosed = errors.New("db: closed: open it again")
	// ErrBatchDone is returned by a batch after Commit or Discard.
	ErrBatchDone = errors.New("db: batch was committed or discarded: start another one with Batch")
	// ErrIterDirection is the error of an iterator after Next and Prev were mixed.
	ErrIterDirection = errors.New("db: iterator was moved both ways: open one iterator per direction")
)
