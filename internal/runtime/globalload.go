package runtime

import (
	"context"
	"slices"
	"time"
)

// load applies records until every partition is where it ended when loading began.
func (g *globals) load(ctx context.Context) error {
	behind, offsets, stores := g.behind()
	if behind > 0 {
		p := g.r.restores.begin(time.Now(), "global tables", stores, offsets)
		err := g.replay(ctx, p)
		p.end(time.Now(), err)
		if err != nil {
			return err
		}
	}
	g.whole = true
	return g.flush()
}

func (g *globals) replay(ctx context.Context, p *progress) error {
	for before := g.applied.Load(); ; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := g.patiently(ctx, g.step); err != nil {
			return err
		}
		now := g.applied.Load()
		p.read(int(now - before))
		before = now
		behind, offsets, _ := g.behind()
		if behind == 0 {
			return nil
		}
		p.reached(time.Now(), offsets)
	}
}

// behind counts the partitions that are not loaded yet, and the offsets before their ends, and names their tables.
func (g *globals) behind() (partitions int, offsets int64, tables []string) {
	for _, x := range g.parts {
		if x.done {
			continue
		}
		partitions++
		offsets += max(0, x.end-x.next)
		if name := x.table.Store.Name; !slices.Contains(tables, name) {
			tables = append(tables, name)
		}
	}
	return partitions, offsets, tables
}
