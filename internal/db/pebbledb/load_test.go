package pebbledb

import (
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/go-cmp/cmp"
)

// TestLoad: while a load goes on nothing is compacted; when it is over, compactions begin, although nothing more is
// written; and all rows are there.
func TestLoad(t *testing.T) {
	t.Parallel()
	d, err := open(t.TempDir(), Options{MemTableBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if err := d.Load(true); err != nil {
		t.Fatal(err)
	}
	const rows, each = 20_000, 100
	order := rand.New(rand.NewPCG(1, 2)).Perm(rows)
	key := func(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
	for i := 0; i < rows; i += each {
		b := d.Batch()
		for _, n := range order[i : i+each] {
			if err := b.Set(key(n), make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	if m := d.p.Metrics(); m.Compact.Count+m.Compact.NumInProgress > 0 || m.Levels[0].Sublevels < 20 {
		t.Errorf("in the load: %d compactions, and %d in progress; L0 has %d sublevels", m.Compact.Count, m.Compact.NumInProgress, m.Levels[0].Sublevels)
	}
	if err := d.Flush(); err != nil { // so that the end of the load finds nothing to flush
		t.Fatal(err)
	}
	if err := d.Load(false); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(2 * time.Minute); d.p.Metrics().Levels[0].Sublevels > 4; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nothing compacts L0:\n%s", d.p.Metrics())
		}
	}
	it, err := d.Iter(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; it.Next(); n++ {
		if diff := cmp.Diff(key(n), it.Key()); diff != "" {
			t.Fatalf("row %d (-want +got):\n%s", n, diff)
		}
	}
	if it.Err() != nil || it.Close() != nil || n != rows {
		t.Errorf("%d rows of %d", n, rows)
	}
}

// TestLoadGate: a writer is held up later in a load, and after it until L0 is as small as it is otherwise.
func TestLoadGate(t *testing.T) {
	t.Parallel()
	g, l := newGate(4<<20), newLatch("dir", slog.New(slog.DiscardHandler))
	add := func(n uint64) { g.flushEnd(pebble.FlushInfo{Output: []pebble.TableInfo{{Size: n}}}) }
	compact := func(n uint64) {
		g.compactionBegin(pebble.CompactionInfo{})
		g.compactionEnd(pebble.CompactionInfo{Input: []pebble.LevelInfo{{Tables: []pebble.TableInfo{{Size: n}}}}, Output: pebble.LevelInfo{Level: 6}})
	}
	want := func(when string, compactions int, most int64) {
		t.Helper()
		if n, m := g.compactions(), g.most(); n != compactions || m != most {
			t.Errorf("%s: %d compactions, and %d bytes in L0 at most; want %d and %d", when, n, m, compactions, most)
		}
	}
	want("before", 1, 64<<20)
	g.load = underWay
	add(loadL0 - 1)
	want("in the load", 0, 2*loadL0)
	add(1)
	want("when much has piled up", 1, 2*loadL0)
	g.load = loaded
	want("after the load", 1, 2*loadL0)
	compact(loadL0 - 64<<20)
	want("while L0 is large", 1, 2*loadL0)
	if err := g.enter(1, l, nil); err != nil {
		t.Error(err)
	}
	compact(1)
	want("at the end", 1, 64<<20)
}
