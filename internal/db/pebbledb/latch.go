package pebbledb

import (
	"log/slog"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
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
	l.logger.Error("store failed; it takes no more writes until it is opened again", "dir", l.dir, "error", l.first)
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

// disk is a file system that fails every write after the first one that failed.
//
// It also keeps Pebble from deleting the new tables of an edit that may yet have reached the manifest.
type disk struct {
	vfs.FS
	latch *latch
}

func (d disk) wrap(f vfs.File, err error) (vfs.File, error) {
	if d.latch.check(err) != nil {
		return nil, err
	}
	return file{f, d.latch}, nil
}

// Create starts every flush and every compaction, so this is where they are held.
func (d disk) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if err := d.latch.hold(); err != nil {
		return nil, err
	}
	return d.wrap(d.FS.Create(name, c))
}

func (d disk) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	if err := d.latch.err(); err != nil {
		return nil, err
	}
	return d.wrap(d.FS.OpenReadWrite(name, c, opts...))
}

func (d disk) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if err := d.latch.err(); err != nil {
		return nil, err
	}
	return d.wrap(d.FS.ReuseForWrite(from, to, c))
}

// OpenDir is for syncing a directory.
func (d disk) OpenDir(name string) (vfs.File, error) {
	f, err := d.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return file{f, d.latch}, nil
}

func (d disk) Rename(from, to string) error {
	if err := d.latch.err(); err != nil {
		return err
	}
	return d.latch.check(d.FS.Rename(from, to))
}

// Remove that fails does no harm: the file is removed at the next Open.
func (d disk) Remove(name string) error {
	if err := d.latch.err(); err != nil {
		return err
	}
	return d.FS.Remove(name)
}

// Unwrap implements [vfs.FS].
func (d disk) Unwrap() vfs.FS { return d.FS }

// file is a file of a disk.
type file struct {
	vfs.File
	latch *latch
}

func (f file) Write(b []byte) (int, error) {
	if err := f.latch.err(); err != nil {
		return 0, err
	}
	n, err := f.File.Write(b)
	return n, f.latch.check(err)
}

func (f file) WriteAt(b []byte, off int64) (int, error) {
	if err := f.latch.err(); err != nil {
		return 0, err
	}
	n, err := f.File.WriteAt(b, off)
	return n, f.latch.check(err)
}

func (f file) Sync() error {
	if err := f.latch.err(); err != nil {
		return err
	}
	return f.latch.check(f.File.Sync())
}

func (f file) SyncData() error {
	if err := f.latch.err(); err != nil {
		return err
	}
	return f.latch.check(f.File.SyncData())
}

func (f file) SyncTo(length int64) (bool, error) {
	if err := f.latch.err(); err != nil {
		return false, err
	}
	full, err := f.File.SyncTo(length)
	return full, f.latch.check(err)
}
