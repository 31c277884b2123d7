package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
)

// worker runs some of the instance's tasks, one record after another, and commits them together.
type worker struct {
	rt       *Runtime
	index    int
	log      *slog.Logger
	producer transport.Producer
	fetcher  transport.Fetcher
	tasks    []*task
	sources  map[transport.Partition]*source
	inbox    chan *task // opened for this worker

	names    map[*graph.Topic]string // full names
	lastTp   *graph.Topic
	lastName string

	open      bool      // a transaction is
	since     time.Time // the last commit
	turn      int       // the task to process first
	aborts    int       // in a row
	version   uint64
	alive     atomic.Int64 // when it last made progress, ms
	positions []transport.Position
}

func (r *Runtime) newWorker(i int) *worker {
	return &worker{
		rt: r, index: i, log: r.log.With("worker", i), inbox: make(chan *task, 1024),
		sources: map[transport.Partition]*source{}, names: map[*graph.Topic]string{}, since: time.Now(),
	}
}

// connect makes the worker's clients and ends what a predecessor left open.
func (w *worker) connect(ctx context.Context) error {
	id := ""
	if w.rt.cfg.ExactlyOnce {
		id = w.rt.transactionalID(w.index)
	}
	var err error
	if w.producer, err = w.rt.cfg.Client.NewProducer(transport.ProducerConfig{ID: id, Timeout: transactionTimeout}); err != nil {
		return err
	}
	if err := w.producer.Init(ctx); err != nil {
		return err
	}
	if w.fetcher == nil {
		w.fetcher, err = w.rt.cfg.Client.NewFetcher(transport.FetcherConfig{Name: fmt.Sprintf("worker %d", w.index), Group: w.rt.cfg.App})
	}
	return err
}

// run works until ctx ends, then commits a last time. An error is the application's end.
func (w *worker) run(ctx context.Context) error {
	for ctx.Err() == nil {
		w.alive.Store(time.Now().UnixMilli())
		err := w.step(ctx)
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			break
		}
		if err := w.recover(ctx, err); err != nil {
			return err
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
	defer cancel()
	if len(w.tasks) == 0 || w.producer == nil {
		return nil
	}
	if err := w.commit(last); err != nil {
		w.log.Warn("runtime: the last commit failed, so the next start repeats the work since the one before: " + err.Error())
		w.takeBack(last)
	}
	return nil
}

func (w *worker) step(ctx context.Context) error {
	if err := w.changes(ctx); err != nil {
		return err
	}
	if len(w.tasks) == 0 {
		return w.idle(ctx)
	}
	more, err := w.process(ctx)
	if err != nil {
		return err
	}
	if err := w.tick(); err != nil {
		return err
	}
	if w.due() {
		return w.commit(ctx)
	}
	if more {
		return nil
	}
	batches, err := w.fetcher.Poll(w.wait())
	if err != nil {
		return err
	}
	return w.feed(batches)
}

// idle waits for tasks.
func (w *worker) idle(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case t := <-w.inbox:
		return w.adopt(ctx, t)
	case <-time.After(pollWait):
	}
	return nil
}

// feed gives batches to their tasks.
func (w *worker) feed(batches []transport.Batch) error {
	for i := range batches {
		b := &batches[i]
		s := w.sources[b.Partition]
		if s == nil {
			continue
		}
		if n := len(b.Records); n > 0 {
			if first := b.Records[0].Offset; first < s.fetched {
				return fmt.Errorf("runtime: topic %s, partition %d: offset %d came after %d: this is a bug", b.Topic, b.Index, first, s.fetched-1)
			}
			s.fetched, s.ended = b.Records[n-1].Offset+1, false
			r := &b.Records[0]
			s.bytes += (len(r.Key) + len(r.Value) - s.bytes) / 2
			s.t.engine.Add(s.topic, b.Records...)
		}
		if b.End {
			s.fetched, s.ended = max(s.fetched, b.Next), true
		}
		s.expect()
	}
	return w.flow()
}

// flow pauses the sources that run ahead of those that their task waits for, and resumes them with room to spare:
// librdkafka drops what it has read ahead of a partition that is paused.
func (w *worker) flow() error {
	var pause, resume []transport.Partition
	for p, s := range w.sources {
		if s.alone {
			continue
		}
		n := s.t.engine.Buffered(s.topic)
		switch {
		case !s.paused && (n > maxWaiting || n*s.bytes > maxWaitingBytes):
			s.paused = true
			pause = append(pause, p)
		case s.paused && n < maxWaiting/4 && n*s.bytes < maxWaitingBytes/4:
			s.paused = false
			resume = append(resume, p)
		}
	}
	if len(pause) > 0 {
		if err := w.fetcher.Pause(pause); err != nil {
			return err
		}
	}
	if len(resume) > 0 {
		return w.fetcher.Resume(resume)
	}
	return nil
}

// process works on what waits until nothing can be, or a commit is due. more says that something is left.
func (w *worker) process(ctx context.Context) (more bool, err error) {
	for busy := true; busy; {
		busy = false
		for range w.tasks {
			t := w.tasks[w.turn%len(w.tasks)]
			w.turn++
			dropped := t.engine.Counters().Dropped
			n, err := t.engine.Process(chunk)
			if n > 0 || t.engine.Counters().Dropped != dropped {
				t.pending = true
			}
			if err != nil {
				return true, err
			}
			if n > 0 {
				busy = true
				now := time.Now()
				w.alive.Store(now.UnixMilli())
				if now.Sub(w.since) >= w.rt.cfg.CommitInterval || w.dirty() > w.rt.cfg.DirtyBytes || ctx.Err() != nil {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

func (w *worker) pending() bool {
	return slices.ContainsFunc(w.tasks, func(t *task) bool { return t.pending })
}

// tick tells the tasks the time of day.
func (w *worker) tick() error {
	now := time.Now().UnixMilli()
	for _, t := range w.tasks {
		if err := t.engine.Tick(now); err != nil {
			return fmt.Errorf("runtime: task %s: %w", t.name, err)
		}
		t.pending = t.pending || t.engine.Dirty() > 0
	}
	return nil
}

func (w *worker) dirty() int {
	n := 0
	for _, t := range w.tasks {
		n += t.engine.Dirty()
	}
	return n
}

func (w *worker) due() bool {
	age := time.Since(w.since)
	if age < w.rt.cfg.CommitInterval {
		return w.pending() && w.dirty() > w.rt.cfg.DirtyBytes
	}
	return w.pending() || age > recommitInterval
}

// wait is how long to wait for records: until the next commit at the latest.
func (w *worker) wait() time.Duration {
	if !w.pending() {
		return pollWait
	}
	return min(pollWait, max(time.Millisecond, w.rt.cfg.CommitInterval-time.Since(w.since)))
}

// emit sends a task's effect.
func (w *worker) emit(ctx context.Context, e *graph.Effect) error {
	if !w.open && w.rt.cfg.ExactlyOnce {
		if err := w.producer.Begin(); err != nil {
			return err
		}
		w.open = true
	}
	if e.Topic != w.lastTp {
		name, ok := w.names[e.Topic]
		if !ok {
			name = e.Topic.FullName(w.rt.cfg.App)
			w.names[e.Topic] = name
		}
		w.lastTp, w.lastName = e.Topic, name
	}
	return w.producer.Produce(ctx, w.lastName, e)
}

// close releases tasks and clients.
func (w *worker) close() error {
	var errs []error
	for _, t := range w.tasks {
		errs = append(errs, t.close())
	}
	w.tasks = nil
	for {
		select {
		case t := <-w.inbox: // opened too late
			errs = append(errs, t.close())
			continue
		default:
		}
		break
	}
	if w.fetcher != nil {
		errs = append(errs, w.fetcher.Close())
	}
	if w.producer != nil {
		w.producer.Close()
	}
	return errors.Join(errs...)
}
