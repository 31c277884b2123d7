package pebbledb_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/pebbledb"
)

// A disk that fills up ends in an error that says so, whatever is written at that moment, and neither in a commit that
// never returns, nor in the end of the process, nor in a store that cannot be opened once there is room again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ op, part string }{
		{"create", ".sst"},
		{"write", ".sst"},
		{"sync", ".sst"},
		{"write", "MANIFEST"},
		{"sync", "MANIFEST"},
		{"create", "MANIFEST"},
	} {
		for _, byFlush := range []bool{false, true} {
			name := fmt.Sprintf("%s %s, by Flush %v", c.op, c.part, byFlush)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				fs := &faultFS{FS: vfs.NewMem()}
				log := &bytes.Buffer{}
				opts := pebbledb.Options{FS: fs, MemTableBytes: 64 << 10, Logger: slog.New(slog.NewTextHandler(log, nil))}
				if c.op == "create" {
					opts = pebbledb.SmallManifests(opts)
				}
				d := open(t, "state/7", opts)
				n := newCounter(d)
				for range 50 {
					n.commit(t)
				}
				if err := d.Flush(); err != nil {
					t.Fatal(err)
				}
				flushed := n.n

				fs.set(full(c.op, c.part))
				err := n.until(byFlush)
				wantFull(t, "first failure", err)
				b := d.Batch()
				if err := b.Set([]byte("k"), nil); err != nil {
					t.Error(err)
				}
				wantFull(t, "Commit", b.Commit())
				wantFull(t, "Flush", d.Flush())
				if _, ok, err := d.Get([]byte("n")); err != nil || !ok {
					t.Errorf("Get on a full disk = %v, %v, want the value", ok, err)
				}
				wantFull(t, "Close", d.Close())
				if err := d.Close(); err != nil {
					t.Errorf("second Close: %v", err)
				}
				if !strings.Contains(log.String(), "disk full") {
					t.Errorf("the log does not say it: %s", log)
				}
				if fs.failures() > 3 {
					t.Errorf("the full disk was written to %d times, want a stop after the first", fs.failures())
				}

				fs.set(nil)
				d = open(t, "state/7", opts)
				again := newCounter(d)
				again.check(t)
				if again.n < flushed || again.n > n.n {
					t.Errorf("%d batches there, want those flushed, %d, to those committed, %d", again.n, flushed, n.n)
				}
				for range 500 {
					again.commit(t)
				}
				if err := d.Close(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func wantFull(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, pebbledb.ErrDiskFull) || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("%s: %v, want ErrDiskFull", what, err)
	}
	for _, part := range []string{"pebbledb: state/7: disk full: make room"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %q does not say %q", what, err, part)
		}
	}
}

func TestOpenOnABadDisk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		fault func(op, name string) error
		want  error
		text  string
	}{
		{"full, directory", full("mkdir", ""), pebbledb.ErrDiskFull, "make room"},
		{"full, manifest", full("write", "MANIFEST"), pebbledb.ErrDiskFull, "make room"},
		{"full, manifest's sync", full("sync", "MANIFEST"), pebbledb.ErrDiskFull, "make room"},
		{"full, marker", full("create", "marker"), pebbledb.ErrDiskFull, "make room"},
		{"full, options", full("write", "dbtmp"), pebbledb.ErrDiskFull, "make room"},
		{"full, rename", full("rename", "OPTIONS"), pebbledb.ErrDiskFull, "make room"},
		{"quota", failWith(syscall.EDQUOT, "create", ""), pebbledb.ErrDiskFull, "make room"},
		{"forbidden", failWith(syscall.EACCES, "mkdir", ""), pebbledb.ErrReadOnly, "give this user the right"},
		{"forbidden file", failWith(syscall.EACCES, "create", ""), pebbledb.ErrReadOnly, "give this user the right"},
		{"read-only", failWith(syscall.EROFS, "mkdir", ""), pebbledb.ErrReadOnly, "give this user the right"},
		{"too many files", failWith(syscall.EMFILE, "create", ""), syscall.EMFILE, "ulimit -n"},
		{"broken", failWith(syscall.EIO, "sync", ""), syscall.EIO, "input/output error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fs := &faultFS{FS: vfs.NewMem()}
			fs.set(c.fault)
			opts := pebbledb.Options{FS: fs}
			_, err := pebbledb.Open("state/7", opts)
			if !errors.Is(err, c.want) || !strings.HasPrefix(err.Error(), "pebbledb: state/7: ") || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("Open: %v, want %v with the directory and %q", err, c.want, c.text)
			}
			if errors.Is(err, pebbledb.ErrDamaged) {
				t.Errorf("Open: %v: the store is not damaged", err)
			}
			fs.set(nil)
			d := open(t, "state/7", opts) // nothing is left that stands in the way
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// counter commits batches that together say how many of them there are.
type counter struct {
	db db.DB
	n  int
}

const counterRows = 10

func newCounter(d db.DB) *counter {
	c := &counter{db: d}
	if v, ok, _ := d.Get([]byte("n")); ok {
		_, _ = fmt.Sscan(string(v), &c.n)
	}
	return c
}

// next writes the number of the batch to n, to a row of its own and over one of a few others, and deletes an old one.
func (c *counter) next() error {
	b := c.db.Batch()
	defer b.Discard()
	v := fmt.Appendf(nil, "%d", c.n+1)
	errs := []error{
		b.Set([]byte("n"), v),
		b.Set(fmt.Appendf(nil, "own/%09d", c.n+1), append(v, make([]byte, 300)...)),
		b.Set(fmt.Appendf(nil, "row/%d", (c.n+1)%counterRows), v),
	}
	if c.n >= 100 {
		errs = append(errs, b.DeleteRange([]byte("own/"), fmt.Appendf(nil, "own/%09d", c.n-99)))
	}
	if err := errors.Join(append(errs, b.Commit())...); err != nil {
		return err
	}
	c.n++
	return nil
}

func (c *counter) commit(t *testing.T) {
	t.Helper()
	if err := c.next(); err != nil {
		t.Fatal(err)
	}
}

// until commits, or commits and flushes, until that fails.
func (c *counter) until(flush bool) error {
	for range 20_000 {
		if err := c.next(); err != nil {
			c.n++ // the disk may have taken it all the same
			return err
		}
		if flush {
			if err := c.db.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// check fails unless the DB holds exactly the first n batches.
func (c *counter) check(t *testing.T) {
	t.Helper()
	want := map[string]string{}
	if c.n > 0 {
		want["n"] = fmt.Sprint(c.n)
	}
	for i := max(1, c.n-100); i <= c.n; i++ {
		want[fmt.Sprintf("own/%09d", i)] = fmt.Sprint(i) + string(make([]byte, 300))
		want[fmt.Sprintf("row/%d", i%counterRows)] = fmt.Sprint(i)
	}
	it, err := c.db.Iter(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for ; it.Next(); rows++ {
		if v, ok := want[string(it.Key())]; !ok || v != string(it.Value()) {
			t.Errorf("after %d batches %q is %.20q, want %.20q", c.n, it.Key(), it.Value(), v)
		}
	}
	if err := errors.Join(it.Err(), it.Close()); err != nil {
		t.Fatal(err)
	}
	if rows != len(want) {
		t.Errorf("after %d batches %d rows, want %d", c.n, rows, len(want))
	}
}
