package pebbledb_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/pebbledb"
)

// What a crash leaves is a number of whole batches from the first one on, at least those flushed, however much of what was
// written and not synced reached the disk, in a load or not.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, 2, 3, 4, rand.Uint64()} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 0))
			fs := vfs.NewCrashableMem()
			opts := func(fs vfs.FS) pebbledb.Options { return pebbledb.Options{FS: fs, MemTableBytes: 32 << 10} }
			d := open(t, "state", opts(fs))
			c := newCounter(d)
			lost, flushed := 0, 0
			for range 15 {
				on := rng.IntN(2) == 0
				if err := d.(db.Loader).Load(on); err != nil {
					t.Fatal(err)
				}
				if !on {
					flushed = c.n
				}
				for range rng.IntN(300) {
					c.commit(t)
					if rng.IntN(100) == 0 {
						if err := d.Flush(); err != nil {
							t.Fatal(err)
						}
						flushed = c.n
					}
				}
				crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
				d2 := open(t, "state", opts(crashed))
				c2 := newCounter(d2)
				c2.check(t)
				if c2.n < flushed || c2.n > c.n {
					t.Fatalf("%d batches after a crash, want %d (flushed) to %d (committed)", c2.n, flushed, c.n)
				}
				lost += c.n - c2.n
				for range 20 {
					c2.commit(t)
				}
				// Now and then life goes on after the crash.
				if rng.IntN(3) == 0 {
					d, d2, fs, c, flushed = d2, d, crashed, c2, 0
				}
				if err := d2.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if lost == 0 {
				t.Error("no crash lost a batch: this test tests nothing")
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Close flushes, a Flush alone is enough for what came before it, and both survive several openings.
func TestReopen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for round := range 4 {
		d := open(t, dir, pebbledb.Options{})
		c := newCounter(d)
		if want := 150 * round; c.n != want {
			t.Fatalf("round %d: %d batches, want %d", round, c.n, want)
		}
		c.check(t)
		for range 150 {
			c.commit(t)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
