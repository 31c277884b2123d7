package pebbledb_test

import (
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// faultFS fails the operations that its fault names, as long as there is one.
type faultFS struct {
	vfs.FS
	mu    sync.Mutex
	fault func(op, name string) error
	times int // how often it failed something
}

func (f *faultFS) set(fault func(op, name string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

func (f *faultFS) failures() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.times
}

func (f *faultFS) check(op, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fault == nil {
		return nil
	}
	err := f.fault(op, name)
	if err != nil {
		f.times++
		err = &os.PathError{Op: op, Path: name, Err: err}
	}
	return err
}

// full says that the disk has no room for op on files whose names contain part.
func full(op, part string) func(o, n string) error {
	return failWith(syscall.ENOSPC, op, part)
}

func failWith(err error, op, part string) func(o, n string) error {
	return func(o, n string) error {
		if o == op && strings.Contains(n, part) {
			return err
		}
		return nil
	}
}

func (f *faultFS) wrap(name string, file vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return faultFile{file, f, name}, nil
}

func (f *faultFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if err := f.check("create", name); err != nil {
		return nil, err
	}
	file, err := f.FS.Create(name, c)
	return f.wrap(name, file, err)
}

func (f *faultFS) OpenDir(name string) (vfs.File, error) {
	file, err := f.FS.OpenDir(name)
	return f.wrap(name, file, err)
}

func (f *faultFS) MkdirAll(name string, perm os.FileMode) error {
	if err := f.check("mkdir", name); err != nil {
		return err
	}
	return f.FS.MkdirAll(name, perm)
}

func (f *faultFS) Rename(from, to string) error {
	if err := f.check("rename", to); err != nil {
		return err
	}
	return f.FS.Rename(from, to)
}

type faultFile struct {
	vfs.File
	fs   *faultFS
	name string
}

func (f faultFile) Write(b []byte) (int, error) {
	if err := f.fs.check("write", f.name); err != nil {
		return 0, err
	}
	return f.File.Write(b)
}

func (f faultFile) Sync() error {
	if err := f.fs.check("sync", f.name); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f faultFile) SyncData() error {
	if err := f.fs.check("sync", f.name); err != nil {
		return err
	}
	return f.File.SyncData()
}

func (f faultFile) SyncTo(n int64) (bool, error) {
	if err := f.fs.check("sync", f.name); err != nil {
		return false, err
	}
	return f.File.SyncTo(n)
}
