package pebbledb

import (
	"log/slog"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// gate holds a writer up where the disk does not keep pace: while a flush runs and two more memtables were filled since it
// began, or while compactions run and L0 holds sixteen.
//
// Pebble does the same, but whoever waits there holds a lock that Close needs, so that a DB whose disk is full could not
// be closed. The gate asks for less than Pebble would: it waits only for work that has begun, so it needs no exact sizes.
type gate struct {
	maxNew, maxL0 int64
	wake          chan struct{} // holds one token, put there by every event that may open the gate

	mu         sync.Mutex
	flushing   bool
	recent     int64 // bytes committed since the running flush began
	compacting int
	l0         int64 // bytes
}

func newGate(memTable int64) *gate {
	return &gate{maxNew: 2 * memTable, maxL0: 16 * memTable, wake: make(chan struct{}, 1)}
}

// wait returns once a batch may be committed, or with the error that broke the DB.
func (g *gate) wait(l *latch) error {
	for {
		if err := l.err(); err != nil {
			return err
		}
		g.mu.Lock()
		full := g.flushing && g.recent >= g.maxNew || g.compacting > 0 && g.l0 >= g.maxL0
		g.mu.Unlock()
		if !full {
			return nil
		}
		select {
		case <-g.wake:
		case <-l.broken:
		}
	}
}

func (g *gate) wrote(bytes int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.recent += int64(bytes)
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
			l.Error("store is damaged", "dir", d.dir, "file", i.Path, "error", i.Details)
		},
	}
}
