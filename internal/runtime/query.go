package runtime

import (
	"context"
	"errors"
	"slices"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
)

// ErrNotRunning says that no worker is there to be asked.
var ErrNotRunning = errors.New("runtime: the application does not run")

// question is put to a worker, which answers between two records: its tasks belong to its goroutine.
type question struct {
	ask  func(*engine.Task) error
	done chan error
}

// Query calls ask for each task of this instance that holds the stores, on the goroutine of the task's worker and before its
// next record, one task after the other. here is how many there were, of how many there are in all. Tasks that are still
// being restored are not asked.
func (r *Runtime) Query(ctx context.Context, stores []*graph.Store, ask func(*engine.Task) error) (here, all int, err error) {
	r.mu.Lock()
	workers := slices.Clone(r.workers)
	r.mu.Unlock()
	if len(workers) == 0 {
		return 0, 0, ErrNotRunning
	}
	for _, w := range workers {
		q := &question{func(t *engine.Task) error {
			if !t.Holds(stores) {
				return nil
			}
			here++
			return ask(t)
		}, make(chan error, 1)}
		select {
		case w.questions <- q:
		case <-w.ended:
			return here, 0, ErrNotRunning
		case <-ctx.Done():
			return here, 0, context.Cause(ctx)
		}
		if err := <-q.done; err != nil {
			return here, 0, err
		}
	}
	return here, r.holders(stores), nil
}

// holders is how many tasks hold the stores.
func (r *Runtime) holders(stores []*graph.Store) (n int) {
	for _, id := range r.plan.Tasks() {
		has := func(s *graph.Store) bool { return s.Global != nil || slices.Contains(r.plan.Subs[id.Sub].Stores, s) }
		if !slices.ContainsFunc(stores, func(s *graph.Store) bool { return !has(s) }) {
			n++
		}
	}
	return n
}

// answer takes the questions that wait.
func (w *worker) answer() {
	for {
		select {
		case q := <-w.questions:
			w.answerTo(q)
		default:
			return
		}
	}
}

func (w *worker) answerTo(q *question) {
	var err error
	for _, t := range w.tasks {
		if err = safely(func() error { return q.ask(t.engine) }); err != nil {
			break
		}
	}
	q.done <- err
}
