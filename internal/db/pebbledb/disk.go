package pebbledb

import "github.com/cockroachdb/pebble/v2/vfs"

// disk is a file system that fails every write after the first one that failed.
//
// It also keeps Pebble from deleting the new tables of an edit that may yet have reached the manifest.
type disk struct {
	vfs.FS
	latch *latch
	files *writing
}

func (d disk) wrap(f vfs.File, err error) (vfs.File, error) {
	if d.latch.check(err) != nil {
		return nil, err
	}
	w := &file{f, d.latch, d.files}
	d.files.add(w)
	return w, nil
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
	return &file{f, d.latch, d.files}, nil
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

// GetDiskUsage is advice to Pebble; where it fails, which would break the DB, there is none.
func (d disk) GetDiskUsage(path string) (vfs.DiskUsage, error) {
	u, err := d.FS.GetDiskUsage(path)
	if err != nil {
		return vfs.DiskUsage{}, vfs.ErrUnsupported
	}
	return u, nil
}

// Unwrap implements [vfs.FS].
func (d disk) Unwrap() vfs.FS { return d.FS }

// file is a file of a disk.
type file struct {
	vfs.File
	latch *latch
	files *writing
}

func (f *file) Close() error {
	f.files.remove(f)
	return f.File.Close()
}

func (f *file) Write(b []byte) (int, error) {
	if err := f.latch.err(); err != nil {
		return 0, err
	}
	n, err := f.File.Write(b)
	return n, f.latch.check(err)
}

func (f *file) WriteAt(b []byte, off int64) (int, error) {
	if err := f.latch.err(); err != nil {
		return 0, err
	}
	n, err := f.File.WriteAt(b, off)
	return n, f.latch.check(err)
}

func (f *file) Sync() error {
	if err := f.latch.err(); err != nil {
		return err
	}
	return f.latch.check(f.File.Sync())
}

func (f *file) SyncData() error {
	if err := f.latch.err(); err != nil {
		return err
	}
	return f.latch.check(f.File.SyncData())
}

func (f *file) SyncTo(length int64) (bool, error) {
	if err := f.latch.err(); err != nil {
		return false, err
	}
	full, err := f.File.SyncTo(length)
	return full, f.latch.check(err)
}
