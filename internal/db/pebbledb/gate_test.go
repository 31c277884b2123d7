package pebbledb

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2"
)

func TestGate(t *testing.T) {
	t.Parallel()
	tables := func(size uint64) []pebble.TableInfo { return []pebble.TableInfo{{Size: size}} }
	level := func(n int, size uint64) pebble.LevelInfo { return pebble.LevelInfo{Level: n, Tables: tables(size)} }
	broken, noFlush := errors.New("broken"), errors.New("no flush")
	for _, c := range []struct {
		name  string
		close func(g *gate)
		open  func(g *gate, l *latch) // after the writer waits
		flush error
		want  error
	}{
		{
			name:  "flush behind",
			close: func(g *gate) { g.flushBegin(pebble.FlushInfo{}); g.recent = 300 },
			open:  func(g *gate, _ *latch) { g.flushEnd(pebble.FlushInfo{}) },
		},
		{
			name:  "another flush begins",
			close: func(g *gate) { g.flushBegin(pebble.FlushInfo{}); g.recent = 300 },
			open:  func(g *gate, _ *latch) { g.flushBegin(pebble.FlushInfo{}) },
		},
		{
			name:  "flush late",
			close: func(g *gate) { g.recent = 600 },
			open:  func(g *gate, _ *latch) { g.flushBegin(pebble.FlushInfo{}) },
		},
		{name: "flush late and refused", close: func(g *gate) { g.recent = 600 }, flush: noFlush, want: noFlush},
		{
			name: "L0 full",
			close: func(g *gate) {
				g.flushEnd(pebble.FlushInfo{Output: tables(6400)})
				g.compactionBegin(pebble.CompactionInfo{})
			},
			open: func(g *gate, _ *latch) {
				g.compactionBegin(pebble.CompactionInfo{})
				g.compactionEnd(pebble.CompactionInfo{Input: []pebble.LevelInfo{level(0, 900)}, Output: level(5, 800)})
			},
		},
		{
			name: "L0 full, and no compaction helps",
			close: func(g *gate) {
				g.flushEnd(pebble.FlushInfo{Output: tables(12000)})
				g.compactionBegin(pebble.CompactionInfo{})
				g.compactionBegin(pebble.CompactionInfo{})
				g.compactionEnd(pebble.CompactionInfo{Input: []pebble.LevelInfo{level(0, 900)}, Output: level(0, 800)})
			},
			open: func(g *gate, _ *latch) { g.compactionEnd(pebble.CompactionInfo{Err: errors.New("cancelled")}) },
		},
		{
			name:  "broken while it waits",
			close: func(g *gate) { g.flushBegin(pebble.FlushInfo{}); g.recent = 300 },
			open:  func(_ *gate, l *latch) { l.trip(broken) },
			want:  broken,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g, l := newGate(400), newLatch("dir", slog.New(slog.DiscardHandler))
				flushes := 0
				enter := func() error {
					return g.enter(60, l, func() error { flushes++; return c.flush })
				}
				for range 10 { // up to 599 were let in: no flush runs, and none is late
					if err := enter(); err != nil {
						t.Fatal(err)
					}
				}
				if g.recent != 600 || flushes != 0 {
					t.Fatalf("%d bytes and %d flushes, want 600 and none", g.recent, flushes)
				}
				g.recent = 0
				c.close(g)
				done := make(chan error, 1)
				go func() { done <- enter() }()
				synctest.Wait()
				if c.open != nil {
					select {
					case err := <-done:
						t.Fatalf("the gate was open: %v", err)
					default:
					}
					c.open(g, l)
				}
				if err := <-done; !errors.Is(err, c.want) {
					t.Errorf("enter = %v, want %v", err, c.want)
				}
			})
		})
	}
}

// However fast it is written to, a DB holds three memtables, five if the machine is busy.
func TestMemory(t *testing.T) {
	t.Parallel()
	const cacheBytes, total = 8 << 20, 48 << 20
	cache := NewCache(cacheBytes)
	t.Cleanup(cache.Close)
	d, err := open(t.TempDir(), Options{Cache: cache})
	if err != nil {
		t.Fatal(err)
	}
	var memTables, blocks uint64
	value := make([]byte, 200)
	for written := 0; written < total; {
		b := d.Batch()
		for range 2000 {
			if err := b.Set(fmt.Appendf(nil, "key/%024d", written*7919%total), value); err != nil {
				t.Fatal(err)
			}
			written += 230
		}
		if err := b.Commit(); err != nil {
			t.Fatal(err)
		}
		m := d.p.Metrics()
		memTables = max(memTables, m.MemTable.Size+m.MemTable.ZombieSize)
		blocks = max(blocks, uint64(m.BlockCache.Size))
	}
	t.Logf("memtables took %d bytes", memTables)
	const memTableBound = 5 * defaultMemTable
	if memTables > memTableBound {
		t.Errorf("memtables took %d bytes, want at most %d", memTables, memTableBound)
	}
	if blocks > cacheBytes {
		t.Errorf("the cache took %d bytes, want at most %d", blocks, cacheBytes)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}
