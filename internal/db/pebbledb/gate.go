package pebbledb

import (
	"log/slog"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// gate holds a writer up where the disk does not keep pace: while a flush runs and about a memtable was filled since it began,
// or while compactions run and L0 holds sixteen. A DB that is written to without a pause so has three memtables (one that
// is flushed, one that is full by then, and one that fills), or four.
//
// Pebble does the same, but whoever waits there holds a lock that Close needs, so that a DB whose disk is full could not
// be closed. The gate waits only for work that has begun, so it needs no exact sizes and cannot wait for nothing.
type gate struct {
	maxNew, maxL0 int64
	wake          chan struct{} // holds one token, put there by every event that may open the gate

	mu         sync.Mutex
	flushing   bool
	recent     int64 // bytes committed since the last flush began
	compacting int
	l0         int64 // bytes
	load       loading
}

func newGate(memTable int64) *gate {
	// A row of 30 and 200 bytes takes a third more in a memtable.
	return &gate{maxNew: memTable * 3 / 4, maxL0: 16 * memTable, wake: make(chan struct{}, 1)}
}

// enter returns once a batch of so many bytes may be committed, or with the error that broke the DB. Where two
// memtables were filled and no flush has begun, which is when the scheduler was slow, it calls flush, which begins one.
//
// The bytes count from here on and not from the commit: a flush that the batch itself sets off may begin before the commit
// returns, and what it takes must not be waited for afterwards.
func (g *gate) enter(bytes int, l *latch, flush func() error) error {
	for called := false; ; {
		if err := l.err(); err != nil {
			return err
		}
		g.mu.Lock()
		late := !g.flushing && g.recent >= 2*g.maxNew
		if !late && (!g.flushing || g.recent < g.maxNew) && (g.compacting <= 0 || g.l0 < g.most()) {
			g.recent += int64(bytes)
			g.mu.Unlock()
			return nil
		}
		g.mu.Unlock()
		if late && !called {
			called = true
			if err := flush(); err != nil {
				return err
			}
		}
		select {
		case <-g.wake:
		case <-l.broken:
		}
	}
}

// change applies f and lets a waiting writer look again.
func (g *gate) change(f func()) {
	g.mu.Lock()
	f()
	g.mu.Unlock()
	select {
	case g.wake <- struct{}{}:
	default: // there is a token already
	}
}

func (g *gate) flushBegin(pebble.FlushInfo) {
	g.change(func() { g.flushing, g.recent = true, 0 })
}

func (g *gate) flushEnd(i pebble.FlushInfo) {
	g.change(func() {
		g.flushing = false
		g.l0 += size(i.Output) // empty if it failed
	})
}

func (g *gate) compactionBegin(pebble.CompactionInfo) {
	g.change(func() { g.compacting++ })
}

func (g *gate) compactionEnd(i pebble.CompactionInfo) {
	g.change(func() {
		g.compacting--
		if i.Err != nil {
			return
		}
		for _, in := range i.Input {
			if in.Level == 0 {
				g.l0 -= size(in.Tables)
			}
		}
		if i.Output.Level == 0 {
			g.l0 += size(i.Output.Tables)
		}
		g.shrunk()
	})
}

func size(tables []pebble.TableInfo) (n int64) {
	for _, t := range tables {
		n += int64(t.Size)
	}
	return n
}

// listener connects the gate, the latch and the log to what Pebble does in the background. It runs under Pebble's lock.
func listener(l *slog.Logger, d *DB) *pebble.EventListener {
	return &pebble.EventListener{
		FlushBegin:      d.gate.flushBegin,
		FlushEnd:        d.gate.flushEnd,
		CompactionBegin: d.gate.compactionBegin,
		CompactionEnd:   d.gate.compactionEnd,
		// Cancelled compactions are not reported here.
		BackgroundError: d.latch.trip,
		// The read that found it returns it as well.
		DataCorruption: func(i pebble.DataCorruptionInfo) {
			l.Error("store is damaged", "dir", d.dir, "file", i.Path, "error", i.Details.Error())
		},
	}
}
