package pebbledb

import (
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A background writer that would try again for ever is kept at its next file until Close, but not while Open runs, which
// would never return.
func TestLatchHoldsWriters(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLatch("dir", slog.New(slog.DiscardHandler))
		d := disk{FS: vfs.NewMem(), latch: l, files: &writing{}}
		if _, err := d.Create("a", vfs.WriteCategoryUnspecified); err != nil {
			t.Fatal(err)
		}
		broken := errors.New("broken")
		l.trip(broken)
		l.trip(errors.New("second"))
		if _, err := d.Create("b", vfs.WriteCategoryUnspecified); !errors.Is(err, broken) {
			t.Fatalf("Create during Open: %v, want the first error", err)
		}
		l.arm()
		done := make(chan error, 1)
		go func() {
			_, err := d.Create("c", vfs.WriteCategoryUnspecified)
			done <- err
		}()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("Create on a broken disk returned %v before Close", err)
		default:
		}
		l.letGo()
		if err := <-done; !errors.Is(err, broken) {
			t.Errorf("Create: %v, want the first error", err)
		}
	})
}

// From the first failed write on nothing changes on the disk.
func TestDiskFrozen(t *testing.T) {
	t.Parallel()
	l := newLatch("dir", slog.New(slog.DiscardHandler))
	mem := vfs.NewMem()
	d := disk{FS: mem, latch: l, files: &writing{}}
	f, err := d.Create("old", vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("1")); err != nil {
		t.Fatal(err)
	}
	dir, err := d.OpenDir("")
	if err != nil {
		t.Fatal(err)
	}
	before := mem.String()
	broken := errors.New("broken")
	l.trip(broken)
	_, create := d.Create("new", vfs.WriteCategoryUnspecified)
	_, openRW := d.OpenReadWrite("new", vfs.WriteCategoryUnspecified)
	_, reuse := d.ReuseForWrite("old", "new", vfs.WriteCategoryUnspecified)
	_, write := f.Write([]byte("2"))
	_, writeAt := f.WriteAt([]byte("2"), 0)
	_, syncTo := f.SyncTo(1)
	for what, err := range map[string]error{
		"Create": create, "OpenReadWrite": openRW, "ReuseForWrite": reuse, "Write": write, "WriteAt": writeAt, "SyncTo": syncTo,
		"Sync": f.Sync(), "SyncData": f.SyncData(), "Sync of the directory": dir.Sync(),
		"Rename": d.Rename("old", "new"), "Remove": d.Remove("old"),
	} {
		if !errors.Is(err, broken) {
			t.Errorf("%s: %v, want the first error", what, err)
		}
	}
	if after := mem.String(); after != before {
		t.Errorf("the disk was\n%s\nand is\n%s", before, after)
	}
}
