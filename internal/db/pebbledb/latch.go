package pebbledb

import (
	"log/slog"
	"sync"
)

// latch holds the first error of the disk, for good.
//
// Pebble meets a failed flush by trying again at once and for ever, and a failed write of the manifest by ending the
// process. Neither suits a library, so from the first failed write on the disk is frozen (see disk): what is on it stays
// as after a crash at that moment, which Open can read; the background goroutine that wants to write waits until Close
// lets it go; and Commit and Flush return the error.
type latch struct {
	dir    string
	logger *slog.Logger
	broken chan struct{} // closed with the first error

	mu    sync.Mutex
	first error
	gone  chan struct{} // closed when background writers need not wait: until Open is through, and from Close on
}

func newLatch(dir string, l *slog.Logger) *latch {
	gone := make(chan struct{})
	close(gone)
	return &latch{dir: dir, logger: l, broken: make(chan struct{}), gone: gone}
}

// trip notes an error, the first one for good.
func (l *latch) trip(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first != nil {
		return
	}
	l.first = explain(l.dir, err)
	close(l.broken)
	l.logger.Error("store failed; it takes no more writes until it is opened again", "dir", l.dir, "error", l.first.Error())
}

func (l *latch) err() error {
	select {
	case <-l.broken:
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.first
	default:
		return nil
	}
}

// hold is err, but a background writer that would only try again is kept until Close.
func (l *latch) hold() error {
	err := l.err()
	if err != nil {
		l.mu.Lock()
		gone := l.gone
		l.mu.Unlock()
		<-gone
	}
	return err
}

func (l *latch) arm() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone = make(chan struct{})
}

// letGo is called once, after arm.
func (l *latch) letGo() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.gone)
}

// check trips the latch with err, if it is one.
func (l *latch) check(err error) error {
	if err != nil {
		l.trip(err)
	}
	return err
}
