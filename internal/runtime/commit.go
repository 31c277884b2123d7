package runtime

import (
	"context"
	"errors"
	"time"

	"github.com/millrace-go/millrace/internal/transport"
)

// commit makes all that the worker's tasks did since the last one stand: changelog and outputs, then the positions, then
// the stores on the disk. Where it fails before the end, takeBack must follow.
func (w *worker) commit(ctx context.Context) error {
	start := time.Now()
	for _, t := range w.tasks {
		if err := safely(t.engine.Prepare); err != nil {
			return err
		}
	}
	w.positions = w.positions[:0]
	for _, t := range w.tasks {
		var err error
		if w.positions, err = t.positions(w.positions); err != nil {
			return err
		}
	}
	if err := w.send(ctx); err != nil {
		return err
	}
	w.open = false
	i := 0
	for _, t := range w.tasks {
		t.dir.seen = time.Now()
		for _, s := range t.sources {
			s.committed.Store(w.positions[i].Offset)
			i++
		}
		if err := w.settle(t); err != nil {
			return err
		}
	}
	w.since, w.aborts = time.Now(), 0
	w.rt.metrics.committed(w.since.Sub(start))
	return w.flush()
}

// send makes effects and positions stand, together or one after the other.
func (w *worker) send(ctx context.Context) error {
	if w.rt.cfg.ExactlyOnce {
		if !w.open {
			if err := w.producer.Begin(); err != nil {
				return err
			}
			w.open = true
		}
		g, err := w.rt.own.generation(w.rt.member, w.tasks)
		if err != nil {
			return err
		}
		return w.producer.Commit(ctx, w.positions, g)
	}
	if err := w.producer.Flush(ctx); err != nil {
		return err
	}
	return w.sendPositions(ctx)
}

// sendPositions commits without a transaction. While the group is being shared out anew the coordinator refuses; the
// work is good all the same as long as the tasks stay here.
func (w *worker) sendPositions(ctx context.Context) error {
	for deadline := time.Now().Add(w.rt.cfg.Session); ; {
		if _, err := w.rt.own.generation(w.rt.member, w.tasks); err != nil {
			return err
		}
		err := w.rt.member.Commit(ctx, w.positions)
		if !errors.Is(err, transport.ErrMembership) && !errors.Is(err, transport.ErrUnreachable) || time.Now().After(deadline) {
			return err
		}
		if sleep(ctx, 50*time.Millisecond) != nil {
			return err
		}
	}
}

// settle applies a task's part of a commit that stands.
func (w *worker) settle(t *task) error {
	if !t.pending && t.engine.Dirty() == 0 {
		return nil
	}
	if err := t.engine.Commit(t.offsets(w.rt.cfg.ExactlyOnce)); err != nil {
		return err
	}
	t.pending, t.unsafe, t.retries = false, true, 0
	t.settle()
	return nil
}

// flush makes one task's committed rows survive the process, the one that has waited longest; the others have their turn
// after the next commits, so that no commit waits for many disks.
func (w *worker) flush() error {
	var oldest *task
	for _, t := range w.tasks {
		if t.unsafe && t.disk != nil && time.Since(t.flushed) >= flushInterval && (oldest == nil || t.flushed.Before(oldest.flushed)) {
			oldest = t
		}
	}
	if oldest == nil {
		return nil
	}
	if err := oldest.engine.Flush(); err != nil {
		return err
	}
	oldest.flushed, oldest.unsafe = time.Now(), false
	return oldest.dir.mark()
}
