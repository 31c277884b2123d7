package main

import (
	"context"
	"fmt"
	"time"
)

// build makes the table: N rows go through one instance, which stops then.
func (b *bench) build(ctx context.Context) error {
	if err := b.makeTopics(ctx); err != nil {
		return err
	}
	if err := b.forget("a"); err != nil {
		return err
	}
	c, err := b.start("a")
	if err != nil {
		return err
	}
	began := time.Now()
	if err := b.fill(ctx, 0, b.keys, 0); err != nil {
		return err
	}
	if err := b.probes.through(ctx); err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	sayf("build: rows, rows/s", "%d, %.0f", b.keys, float64(b.keys)/took)
	began = time.Now()
	err = c.stop(ctx)
	sayf("build: stop", "%.2f s", time.Since(began).Seconds())
	return err
}

// updates is how many come before a kill.
func (b *bench) updates() int { return int(b.trickle.Seconds() * float64(b.rate)) }

// restart kills the instance in the middle of its work, and starts it again.
func (b *bench) restart(ctx context.Context) error {
	c, err := b.start("a")
	if err != nil {
		return err
	}
	if err := b.probes.through(ctx); err != nil {
		return err
	}
	sayf("restart after a stop: all tasks answer", "%.2f s", time.Since(c.started).Seconds())
	if err := b.fill(ctx, 0, b.updates(), b.rate); err != nil {
		return err
	}
	c.kill()
	numbers, err := b.probes.send(ctx)
	if err != nil {
		return err
	}
	if c, err = b.start("a"); err != nil {
		return err
	}
	if _, err := b.probes.lag(ctx, numbers, 1); err != nil {
		return err
	}
	first := time.Since(c.started)
	if _, err := b.probes.lag(ctx, numbers, len(numbers)); err != nil {
		return err
	}
	all, r := time.Since(c.started), c.restored()
	sayf("restart after SIGKILL: first, all tasks", "%.2f s, %.2f s", first.Seconds(), all.Seconds())
	sayf("restart after SIGKILL: records replayed", "%d of %d", r.Records, b.keys)
	if int(r.Records) > b.keys/b.partitions && int(r.Records) > b.updates() {
		return fmt.Errorf("%d records were replayed: a store was restored from its start", r.Records)
	}
	return c.stop(ctx)
}

// restore starts the instance on an empty disk.
func (b *bench) restore(ctx context.Context) error {
	if err := b.forget("a"); err != nil {
		return err
	}
	c, err := b.start("a")
	if err != nil {
		return err
	}
	if err := b.probes.through(ctx); err != nil {
		return err
	}
	all, r := time.Since(c.started), c.restored()
	sayf("restore of an empty disk: all tasks answer", "%.2f s", all.Seconds())
	sayf("restore: records, records/s", "%d, %.0f", r.Records, float64(r.Records)/r.Wall.Seconds())
	sayf("restore: records/CPU-second", "%.0f", float64(r.Records)/r.CPU.Seconds())
	quiet, err := c.quiet(ctx)
	if err != nil {
		return err
	}
	sayf("restore, compactions after it included", "%.0f records/CPU-second", float64(r.Records)/(quiet-r.Began).Seconds())
	sayf("restore: peak memory", "%.0f MiB", r.PeakMiB)
	if int(r.Records) < b.keys {
		return fmt.Errorf("%d records were restored of a table of %d rows", r.Records, b.keys)
	}
	return c.stop(ctx)
}

// join starts instances beside those of a list, one after the other, and waits until each has its share of the tasks and of the
// copies.
func (b *bench) join(ctx context.Context, list *[]*child, names ...string) error {
	for _, name := range names {
		c, err := b.start(name)
		if err != nil {
			return err
		}
		*list = append(*list, c)
		if err := c.until(ctx, func(r report) bool { return r.Ready }); err != nil {
			return err
		}
	}
	return b.settled(ctx, *list)
}

// settled waits until each of the instances has its share.
func (b *bench) settled(ctx context.Context, list []*child) error {
	copies := min(b.standbys, len(list)-1)
	for _, c := range list {
		err := c.until(ctx, func(r report) bool {
			return r.Ready && r.Tasks >= b.partitions/len(list) && r.Copies >= b.partitions*copies/len(list) && r.Behind < current
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// current is how many records a copy may be behind that follows what is written.
const current = 1000

// rolling restarts three instances one after the other, each when the one before runs again.
func (b *bench) rolling(ctx context.Context) error {
	var list []*child
	if err := b.join(ctx, &list, "a"); err != nil {
		return err
	}
	longest, err := b.probes.pace(ctx, func() error { return b.join(ctx, &list, "b", "c") })
	if err != nil {
		return err
	}
	sayf("from one to three instances: longest pause", "%.2f s", longest.Seconds())
	for i, c := range list {
		var stopped time.Duration
		longest, err := b.probes.pace(ctx, func() error {
			began := time.Now()
			if err := c.stop(ctx); err != nil {
				return err
			}
			stopped = time.Since(began)
			again, err := b.start(c.name)
			if err != nil {
				return err
			}
			list[i] = again
			return b.settled(ctx, list)
		})
		if err != nil {
			return err
		}
		sayf("rolling restart of "+c.name+": longest pause", "%.2f s, %.2f s of it the stop", longest.Seconds(), stopped.Seconds())
	}
	return nil
}

// failover kills one of three instances for good.
func (b *bench) failover(ctx context.Context) error {
	var list []*child
	if err := b.join(ctx, &list, "a", "b", "c"); err != nil {
		return err
	}
	longest, err := b.probes.pace(ctx, func() error {
		list[0].kill()
		return b.probes.through(ctx)
	})
	if err != nil {
		return err
	}
	sayf("fail-over: longest pause", "%.2f s, of which a session of %v", longest.Seconds(), b.session)
	return nil
}
