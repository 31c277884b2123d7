package runtime

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
)

// globals are the instance's global tables: a consumer of their own, and a directory beside the tasks'. They are loaded
// before this instance asks for tasks, so no task ever runs without them, and followed beside the workers after that. One
// goroutine at a time uses them; the workers see the engine's part.
type globals struct {
	r       *Runtime
	tables  *engine.Globals
	disk    db.DB // nil: no table lies there
	dir     *taskDir
	fetcher transport.Fetcher
	parts   map[transport.Partition]*globalPart
	whole   bool      // loaded to the ends
	flushed time.Time // when the disk last had all that was applied
	unsafe  bool      // something was applied since
	applied atomic.Int64
	dropped atomic.Int64
}

// globalPart is a partition of a global table's topic.
type globalPart struct {
	table *graph.Global
	next  int64 // the next offset to apply
	end   int64 // when loading began
	done  bool  // loaded up to there
}

// loadGlobals reads the topology's global tables to the ends of their topics.
func (r *Runtime) loadGlobals(ctx context.Context) error {
	if len(r.cfg.Graph.Globals) == 0 {
		return nil
	}
	r.state.set(Restoring, nil)
	for again := false; ; again = true {
		g := &globals{r: r, parts: map[transport.Partition]*globalPart{}, flushed: time.Now()}
		r.globals.Store(g)
		err := g.open(ctx)
		if err == nil {
			return nil
		}
		if again || !r.condemn(g.dir, err) {
			return fmt.Errorf("runtime: load the global tables: %w", err)
		}
		_ = g.close() // its error is the damage
	}
}

func (g *globals) open(ctx context.Context) (err error) {
	if g.dir, err = g.r.dir.globals(); err != nil {
		return err
	}
	cfg := engine.GlobalsConfig{Graph: g.r.cfg.Graph, Skipped: g.r.skips.record, OnDecode: g.r.cfg.OnDecode, Memory: db.Shared(memdb.New())}
	for _, x := range g.r.cfg.Graph.Globals {
		if !x.Store.Memory && g.disk == nil {
			d, err := g.r.openDB(g.dir.db())
			if err != nil {
				return err
			}
			g.disk = db.Shared(d)
		}
	}
	cfg.Disk = g.disk
	if g.tables, err = engine.NewGlobals(cfg); err != nil {
		return err
	}
	if err := g.patiently(ctx, func() error { return g.survey(ctx) }); err != nil {
		return err
	}
	if g.fetcher, err = g.r.cfg.Client.NewFetcher(transport.FetcherConfig{Name: "global tables", Group: g.r.cfg.App}); err != nil {
		return err
	}
	if err := g.patiently(ctx, g.assign); err != nil {
		return err
	}
	return g.load(ctx)
}

// follow applies what comes until ctx ends.
func (g *globals) follow(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := g.patiently(ctx, g.step); err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // stopped while no broker answered
			}
			g.r.condemn(g.dir, err)
			return fmt.Errorf("runtime: follow the global tables: %w", err)
		}
	}
	return nil
}

// step applies what there is, after a wait for it.
func (g *globals) step() error {
	batches, err := g.fetcher.Poll(100 * time.Millisecond)
	if err != nil {
		return err
	}
	for i := range batches {
		if err := g.take(&batches[i]); err != nil {
			return err
		}
	}
	if g.unsafe && time.Since(g.flushed) >= flushInterval {
		return g.flush()
	}
	return nil
}

func (g *globals) take(b *transport.Batch) error {
	x := g.parts[b.Partition]
	if x == nil {
		return nil
	}
	next := x.next
	if n := len(b.Records); n > 0 {
		next = b.Records[n-1].Offset + 1
	}
	if b.End { // control records have offsets, too
		next = max(next, b.Next)
	}
	if next > x.next {
		if err := safely(func() error { return g.tables.Apply(x.table, b.Index, b.Records, next) }); err != nil {
			return err
		}
		g.applied.Add(int64(len(b.Records)))
		g.dropped.Store(g.tables.Dropped())
		x.next, g.unsafe = next, true
	}
	x.done = x.done || x.next >= x.end
	return nil
}

// patiently calls f again while no broker answers, and reads on from where the tables stand then.
func (g *globals) patiently(ctx context.Context, f func() error) error {
	for deadline := time.Now().Add(stallLimit); ; {
		err := f()
		if !errors.Is(err, transport.ErrUnreachable) || time.Now().After(deadline) {
			return err
		}
		g.r.log.Warn("runtime: the global tables stand still, and will be read on: " + err.Error())
		if sleep(ctx, time.Second) != nil {
			return context.Cause(ctx)
		}
		if g.fetcher != nil {
			f = func() error { return errors.Join(g.assign(), g.step()) }
		}
	}
}

// assign reads on from where each partition stands.
func (g *globals) assign() error {
	var at []transport.Position
	for p, x := range g.parts {
		at = append(at, transport.Position{Partition: p, Offset: x.next})
	}
	return g.fetcher.Assign(at)
}

// flush makes what was applied survive the process.
func (g *globals) flush() error {
	if g.disk != nil {
		if err := g.disk.Flush(); err != nil {
			return err
		}
		g.dir.seen = time.Now()
		if err := g.dir.mark(); err != nil {
			return err
		}
	}
	g.flushed, g.unsafe = time.Now(), false
	return nil
}

// close is called once no worker reads any more.
func (g *globals) close() error {
	var errs []error
	if g.fetcher != nil {
		errs = append(errs, g.fetcher.Close())
	}
	if g.disk != nil {
		err := g.disk.Close()
		if err == nil && g.whole { // one that is behind stays as old as it was
			g.dir.seen = time.Now()
			err = g.dir.mark()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
