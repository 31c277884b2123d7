package pebbledb_test

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/dbtest"
	"github.com/millrace-go/millrace/internal/db/pebbledb"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		opts pebbledb.Options
		load bool
	}{
		{"Disk", pebbledb.Options{}, false},
		// Memtables of 32 KiB make flushes and compactions all the time.
		{"SmallMemTable", pebbledb.Options{MemTableBytes: 32 << 10, FS: vfs.NewMem()}, false},
		{"Loading", pebbledb.Options{MemTableBytes: 32 << 10, FS: vfs.NewMem()}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cache := pebbledb.NewCache(4 << 20)
			t.Cleanup(cache.Close)
			c.opts.Cache = cache
			dbtest.Run(t, func(t *testing.T) db.DB {
				t.Helper()
				d := open(t, t.TempDir(), c.opts)
				if err := d.(db.Loader).Load(c.load); err != nil {
					t.Fatal(err)
				}
				return d
			})
		})
	}
}

func BenchmarkPebble(b *testing.B) {
	cache := pebbledb.NewCache(64 << 20)
	defer cache.Close()
	dbtest.Bench(b, func(b *testing.B) db.DB { return open(b, b.TempDir(), pebbledb.Options{Cache: cache}) })
}

func open(tb testing.TB, dir string, opts pebbledb.Options) db.DB {
	tb.Helper()
	d, err := pebbledb.Open(dir, opts)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}
