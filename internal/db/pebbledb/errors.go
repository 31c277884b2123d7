package pebbledb

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Errors of Open.
var (
	// ErrInUse means that another process, or this one, has the store open.
	ErrInUse = errors.New("in use by another process")
	// ErrForeign means that the directory holds something else; it was not touched.
	ErrForeign = errors.New("not a store of this program")
)

// Errors of the disk, from Open and from then on.
var (
	// ErrDiskFull means that a write found no room. What was flushed before is safe.
	ErrDiskFull = errors.New("disk full")
	// ErrReadOnly means that the directory may not be written to.
	ErrReadOnly = errors.New("not writable")
	// ErrDamaged means that files are missing or altered, or were written by a later release.
	ErrDamaged = errors.New("damaged")
)

// DamagedError names the store that is damaged. It is an [ErrDamaged].
type DamagedError struct {
	Dir string
	Err error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("pebbledb: %s: %v: stop the program and delete the directory: it is made anew from the changelogs: %v", e.Dir, ErrDamaged, e.Err)
}

// Unwrap implements the interface of package errors.
func (e *DamagedError) Unwrap() []error { return []error{ErrDamaged, e.Err} }

// explain names the directory and what to do about err.
func explain(dir string, err error) error {
	switch {
	case err == nil:
		return nil
	case vfs.IsNoSpaceError(err), errors.Is(err, syscall.EDQUOT):
		return sorted(dir, ErrDiskFull, "make room on it or move the state directory, and start again", err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return sorted(dir, ErrReadOnly, "give this user the right to write there, or choose another state directory", err)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fmt.Errorf("pebbledb: %s: too many files are open: raise the limit (ulimit -n): %w", dir, err)
	case pebble.IsCorruptionError(err), errors.Is(err, fs.ErrNotExist):
		return &DamagedError{dir, err}
	}
	return fmt.Errorf("pebbledb: %s: %w", dir, err)
}

// explainOpen takes for damage what has no cause outside the files: Pebble marks only part of it as corruption, and a
// manifest that names a missing file is a plain "no such file".
func explainOpen(dir string, err error) error {
	var errno syscall.Errno
	if outside := errors.As(err, &errno) && errno != syscall.ENOENT; err == nil || outside {
		return explain(dir, err)
	}
	return &DamagedError{dir, err}
}

func sorted(dir string, kind error, fix string, cause error) error {
	return fmt.Errorf("pebbledb: %s: %w: %s: %w", dir, kind, fix, cause)
}
