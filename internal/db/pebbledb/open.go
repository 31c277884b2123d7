package pebbledb

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace-go/millrace/internal/db"
)

// Options are those of one DB; their zero value is good for a test and a small program.
type Options struct {
	// Cache is shared by the DBs of a process. Without one a DB has its own of 8 MiB.
	Cache *Cache
	// MemTableBytes bounds a memtable, 4 MiB if zero. A DB that is written to faster than it flushes holds three or four.
	MemTableBytes int
	// Logger gets what happens to the disk; nil drops it.
	Logger *slog.Logger
	// FS is the file system, the operating system's if nil.
	FS vfs.FS

	manifestBytes int64 // a longer manifest is written anew
}

const (
	defaultMemTable = 4 << 20
	defaultCache    = 8 << 20
	// The manifest is read at Open and grows with every flush; Pebble's default of 128 MB makes that slow.
	defaultManifest = 1 << 20
)

// Open opens the store in dir, and makes both if they are not there. One DB at a time has it.
func Open(dir string, opts Options) (db.DB, error) {
	return open(dir, opts)
}

func open(dir string, opts Options) (*DB, error) {
	if opts.FS == nil {
		opts.FS = vfs.Default
	}
	if opts.MemTableBytes == 0 {
		opts.MemTableBytes = defaultMemTable
	}
	if opts.manifestBytes == 0 {
		opts.manifestBytes = defaultManifest
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if err := prepare(opts.FS, dir); err != nil {
		return nil, err
	}
	lock, err := pebble.LockDirectory(dir, opts.FS)
	if err != nil {
		return nil, lockError(dir, err)
	}
	d := &DB{dir: dir, lock: lock, cache: opts.Cache, latch: newLatch(dir, opts.Logger)}
	if d.cache == nil {
		d.cache, d.own = NewCache(defaultCache), true
	}
	d.gate = newGate(int64(opts.MemTableBytes))
	if d.p, err = openPebble(dir, pebbleOptions(opts, d)); err != nil {
		err = explainOpen(dir, err)
	}
	// The first error of the disk says more than what came of it. It need not have stopped Pebble: see logger.Fatalf.
	if broken := d.latch.err(); broken != nil {
		err = broken
		if d.p != nil {
			_ = d.p.Close()
		}
	}
	if err != nil {
		d.files.closeRest()
		_ = lock.Close() // the error that matters is the one above
		if d.own {
			d.cache.Close()
		}
		return nil, err
	}
	l0 := d.p.Metrics().Levels[0].TablesSize
	d.gate.change(func() { // compactions may run already
		d.gate.l0 = l0
		if l0 >= d.gate.maxL0 { // a load was cut short
			d.gate.load = loaded
		}
	})
	d.latch.arm()
	return d, nil
}

// openPebble turns a panic over an altered file, of which Pebble has some, into an error.
func openPebble(dir string, opts *pebble.Options) (p *pebble.DB, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, fmt.Errorf("pebble cannot read it: %v", r)
		}
	}()
	return pebble.Open(dir, opts)
}

// prepare makes the directory, or checks that nothing but a store is in it: Pebble would delete what looks like its own.
func prepare(fs vfs.FS, dir string) error {
	if info, err := fs.Stat(dir); err == nil && !info.IsDir() {
		return fmt.Errorf("pebbledb: %s: %w: it is a file: choose another state directory", dir, ErrForeign)
	}
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		if errors.Is(err, syscall.ENOTDIR) {
			return fmt.Errorf("pebbledb: %s: %w: part of the path is a file: choose another state directory: %w", dir, ErrForeign, err)
		}
		return explain(dir, err)
	}
	names, err := fs.List(dir)
	if err != nil {
		return explain(dir, err)
	}
	for _, name := range names {
		if !ours(name) {
			return fmt.Errorf("pebbledb: %s: %w: it holds %q: choose an empty state directory", dir, ErrForeign, name)
		}
	}
	return nil
}

// ours says whether Pebble names files so. RocksDB's CURRENT, IDENTITY and LOG, of Kafka Streams' stores, are not among them.
func ours(name string) bool {
	if name == "LOCK" || strings.HasPrefix(name, "MANIFEST-") || strings.HasPrefix(name, "OPTIONS-") ||
		strings.HasPrefix(name, "marker.") || strings.HasPrefix(name, "temporary.") {
		return true
	}
	number, ext, ok := strings.Cut(name, ".")
	if !ok || number == "" || strings.Trim(number, "0123456789") != "" {
		return false
	}
	switch ext {
	case "sst", "blob", "log", "dbtmp":
		return true
	}
	return false
}

func lockError(dir string, err error) error {
	const fix = "stop it, or give each instance a state directory of its own"
	switch {
	case errors.Is(err, syscall.EAGAIN):
		return sorted(dir, ErrInUse, fix, err)
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.ENOSPC), errors.Is(err, os.ErrPermission):
		return explain(dir, err)
	case strings.Contains(err.Error(), "current process"), errors.Is(err, os.ErrExist):
		return fmt.Errorf("pebbledb: %s: %w: this one has it open already: close it first: %w", dir, ErrInUse, err)
	}
	return explain(dir, err)
}
