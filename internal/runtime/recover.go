package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/millrace-go/millrace/internal/db/pebbledb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
)

// recover gets over an error of a step, or returns it where that is not possible.
func (w *worker) recover(ctx context.Context, err error) error {
	var replay *engine.ReplayError
	var retry *engine.RetryError
	var record *engine.RecordError
	isRecord := errors.As(err, &record)
	switch {
	case errors.As(err, &replay):
		w.takeBack(ctx)
		if t := w.taskOf(replay.Record); t != nil {
			t.engine.Drop(replay.Record)
		}
		return w.rewind()
	case errors.As(err, &retry):
		w.log.Warn("runtime: " + err.Error())
		w.takeBack(ctx)
		if t := w.taskOf(retry.Record); t != nil {
			t.lieDown()
		}
		return w.rewind()
	case errors.Is(err, pebbledb.ErrDamaged):
		return w.rebuild(ctx, err)
	case errors.Is(err, transport.ErrPosition): // what was read before that is good, and could not be read again
		if failed := w.commit(ctx); failed != nil { // perhaps the task is another instance's by now, which has purged what it read
			return w.recover(ctx, failed)
		}
		return err
	case errors.Is(err, transport.ErrInstance), errors.Is(err, transport.ErrRecord):
	case errors.Is(err, transport.ErrProducer):
		return w.renew(ctx, err)
	case errors.Is(err, transport.ErrAbort), errors.Is(err, transport.ErrMembership), errors.Is(err, transport.ErrUnreachable):
		if w.aborts++; w.aborts > maxAborts {
			w.takeBack(ctx)
			return fmt.Errorf("runtime: %d transactions in a row failed: look at the broker's log: %w", w.aborts, err)
		}
		w.log.Info("runtime: a transaction is taken back and repeated: " + err.Error())
		w.rt.metrics.aborted.Add(1)
		w.takeBack(ctx)
		w.pause(min(5*time.Second, time.Duration(w.aborts*w.aborts)*20*time.Millisecond))
		err = w.rewind()
		if errors.Is(err, transport.ErrUnreachable) && !w.stopping() {
			return w.recover(ctx, err) // the broker is still away: maxAborts is the limit
		}
		return err
	}
	w.takeBack(ctx)
	if isRecord {
		return fmt.Errorf("runtime: a record could not be processed: %w", err)
	}
	return err
}

func (w *worker) taskOf(r *engine.RecordError) *task {
	for _, s := range w.sources {
		if s.topic == r.Topic && s.p.Index == r.Partition {
			return s.t
		}
	}
	return nil
}

// takeBack undoes what was done since the last commit, on the broker and in the tasks.
func (w *worker) takeBack(ctx context.Context) {
	if w.open {
		if err := w.producer.Abort(ctx); err != nil {
			w.log.Warn("runtime: " + err.Error()) // the next use of the producer fails, and renews it
		}
		w.open = false
	} else if !w.rt.cfg.ExactlyOnce {
		_ = w.producer.Flush(ctx) // its errors are of what is taken back
	}
	for _, t := range w.tasks {
		t.discard()
		t.engine.Abort()
		t.rewind()
	}
	w.since, w.chunk = time.Now(), 1
}

// rewind reads on from where the tasks stand, after those that went elsewhere are closed.
func (w *worker) rewind() error {
	w.release(w.rt.own.lost(w.tasks))
	return w.assign()
}

// assign reads from where each source stands.
func (w *worker) assign() error {
	clear(w.sources)
	var ps []transport.Position
	for _, t := range w.tasks {
		if t.rests() {
			continue
		}
		for _, s := range t.sources {
			w.sources[s.p] = s
			s.paused = false
			ps = append(ps, transport.Position{Partition: s.p, Offset: s.fetched})
		}
	}
	return w.fetcher.Assign(ps)
}

// changes takes in new tasks, first among them if there is one, and lets go of those that the group took away: also of a
// new one, which may have been taken away while it was opened. What the worker had not committed is taken back then: the
// group has a new generation, and the work of the old one is not worth the risk.
func (w *worker) changes(ctx context.Context, first ...*task) error {
	for _, t := range first {
		w.add(ctx, t)
	}
	fresh := len(first) > 0
	for {
		select {
		case t := <-w.inbox:
			w.add(ctx, t)
			fresh = true
			continue
		default:
		}
		break
	}
	if v := w.rt.own.current(); v != w.version || fresh {
		w.version = v
		if gone := w.rt.own.lost(w.tasks); len(gone) > 0 {
			w.log.Info("runtime: tasks went to another instance", "tasks", len(gone))
			w.takeBack(ctx)
			return w.rewind()
		}
	}
	if fresh {
		return w.assign()
	}
	return nil
}

func (w *worker) add(ctx context.Context, t *task) {
	t.emit = func(e *graph.Effect) error { return w.emit(ctx, e) }
	w.tasks = append(w.tasks, t)
	w.rt.adopted(t)
}

// release lets go of tasks. Nothing is committed for them any more, so others may have them at once; they are closed beside the
// worker, since a large store takes its time, and the other tasks must not wait for that.
func (w *worker) release(gone []*task) {
	for _, t := range gone {
		w.tasks = slices.DeleteFunc(w.tasks, func(o *task) bool { return o == t })
		w.rt.part(t)
		w.rt.closing.Go(func() {
			if err := t.close(); err != nil {
				w.rt.condemn(t.dir, err)
				w.log.Warn("runtime: close task "+t.name+": "+err.Error(), "dir", t.dir.path)
			}
			w.rt.released(t)
		})
	}
}

// renew replaces the producer. Whether its last transaction stands is not known, so the tasks are closed, and opened
// again from what the broker says.
func (w *worker) renew(ctx context.Context, cause error) error {
	if w.aborts++; w.aborts > maxAborts {
		return fmt.Errorf("runtime: the producer was replaced %d times in a row: look at the broker's log: %w", w.aborts, cause)
	}
	w.log.Warn("runtime: the producer is replaced: " + cause.Error())
	w.producer.Close()
	w.producer, w.open = nil, false
	for _, t := range w.tasks {
		t.engine.Abort()
	}
	if err := w.fetcher.Assign(nil); err != nil {
		return err
	}
	clear(w.sources)
	for {
		w.pause(min(5*time.Second, time.Duration(w.aborts)*100*time.Millisecond))
		if w.stopping() {
			return nil
		}
		err := w.connect(ctx)
		if err == nil {
			break
		}
		if w.producer != nil {
			w.producer.Close()
			w.producer = nil
		}
		if w.aborts++; w.aborts > maxAborts {
			return err
		}
	}
	w.release(slices.Clone(w.tasks))
	return nil
}
