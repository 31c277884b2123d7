package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
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

	questions chan *question
	ended     chan struct{} // closed when nobody answers them any more
	end       func()        // closes ended

	names    map[*graph.Topic]string // full names
	lastTp   *graph.Topic
	lastName string

	open      bool      // a transaction is
	since     time.Time // the last commit
	turn      int       // the task to process first
	aborts    int       // in a row
	rebuilds  int       // of damaged stores
	version   uint64
	alive     atomic.Int64    // when it last made progress, ms
	stop      <-chan struct{} // closed once it is to end
	chunk     int             // how many records are processed between two looks at the clock
	positions []transport.Position
}

func (r *Runtime) newWorker(i int) *worker {
	ended := make(chan struct{})
	return &worker{
		rt: r, index: i, log: r.log.With("worker", i), inbox: make(chan *task, 1024),
		questions: make(chan *question), ended: ended, end: sync.OnceFunc(func() { close(ended) }),
		sources: map[transport.Partition]*source{}, names: map[*graph.Topic]string{}, since: time.Now(), chunk: 1,
	}
}

// connect makes the worker's clients and ends what a predecessor left open.
func (w *worker) connect(ctx context.Context) error {
	id := ""
	if w.rt.cfg.ExactlyOnce {
		id = transactionalID(w.rt.cfg.App, w.rt.dir.Instance, w.index)
	}
	var err error
	if w.producer, err = w.rt.cfg.Client.NewProducer(transport.ProducerConfig{ID: id, Timeout: w.rt.cfg.Transaction}); err != nil {
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

// run works until ctx ends, then commits a last time. An error is the application's end. What it does on the broker may
// go on for a while after ctx: a commit that is cut off is a commit of which nobody knows whether it stands.
func (w *worker) run(ctx context.Context) error {
	defer w.end()
	w.stop = ctx.Done()
	work, cancel := linger(ctx, stopPatience)
	defer cancel()
	for !w.stopping() {
		w.alive.Store(time.Now().UnixMilli())
		err := w.step(work)
		if err != nil && !w.stopping() {
			err = w.recover(work, err)
			if err != nil {
				return err
			}
		}
		if err != nil { // perhaps because of the stop: a callback's context has ended, too
			return w.giveUp(work, err)
		}
	}
	if len(w.tasks) == 0 || w.producer == nil {
		return nil
	}
	if err := w.commit(work); err != nil {
		return w.giveUp(work, err)
	}
	return nil
}

// giveUp is a stop that something came in the way of. The application does what it was asked to, all the same.
func (w *worker) giveUp(ctx context.Context, err error) error {
	w.log.Warn("runtime: the last commit failed, so the next start repeats the work since the one before: " + err.Error())
	if w.producer != nil {
		w.takeBack(ctx)
	}
	return nil
}

func (w *worker) step(ctx context.Context) error {
	w.answer()
	if err := w.changes(ctx); err != nil {
		return err
	}
	if len(w.tasks) == 0 {
		return w.idle(ctx)
	}
	more, err := w.process()
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
	case <-w.stop:
	case t := <-w.inbox:
		return w.changes(ctx, t)
	case q := <-w.questions:
		w.answerTo(q)
	case <-time.After(pollWait):
	}
	return nil
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
	err := w.producer.Produce(ctx, w.lastName, e)
	if errors.Is(err, transport.ErrRecord) {
		return &graph.RejectedError{Err: err}
	}
	return err
}

// close releases tasks and clients.
func (w *worker) close() error {
	w.end() // one that never ran
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
