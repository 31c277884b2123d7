package millrace

import (
	"context"
	"errors"
	"fmt"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/window"
)

// Coverage says how many of the tasks that hold a table a query could ask: a key that was not found may be in another one,
// which runs on another instance or is still being restored.
type Coverage struct{ Here, All int }

// Whole says whether all tasks were asked.
func (c Coverage) Whole() bool { return c.Here == c.All }

// ErrElsewhere is what [Get] returns for a key that is not in this instance's tasks, where there are others: see [Locate].
var ErrElsewhere = errors.New("millrace: the key is in no task of this instance, and other instances have more: ask the one that Locate names")

// Get returns a key's row of a table as it was last committed: nothing of a transaction that may yet be aborted. t is a table of
// the App's topology, with a store or derived from one that has. ok is false where there is no row.
//
// Cost: the question waits for its turn in each worker, which is between two records (milliseconds; up to 20 ms where a worker
// waits for records), and holds up the records behind it for as long as the look-up takes. Values are decoded anew for each
// question and belong to the caller.
func Get[K, V any](ctx context.Context, a *App, t *table.Table[K, V], k K) (row state.Row[K, V], ok bool, err error) {
	row.Key = k
	c, err := ask(ctx, a, t.Parts().View, func(task *graph.Context, view graph.View[K, V]) error {
		look, err := view.Open(task)
		if err != nil || ok {
			return err
		}
		row.Value, row.Timestamp, ok, err = look(k)
		return err
	})
	if err == nil && !ok && !c.Whole() {
		err = ErrElsewhere
	}
	return row, ok, err
}

// QueryRows calls f with the rows of a table in each of this instance's tasks, as they were last committed: see [Get]. f must be
// done with the reader when it returns, and soon: records wait meanwhile. Of many rows take a page (Reader.Range) at a time. It
// must not query again.
func QueryRows[K, V any](ctx context.Context, a *App, t *table.Table[K, V], f func(*state.Reader[K, V]) error) (Coverage, error) {
	return stores(ctx, a, t, func(s *store.KeyValue[K, V]) error { return f(state.ReaderOf(s)) })
}

// QueryWindows is [QueryRows] for a table of time windows.
func QueryWindows[K, V any](ctx context.Context, a *App, t *table.Table[window.Key[K], V], f func(*state.WindowReader[K, V]) error) (Coverage, error) {
	return stores(ctx, a, t, func(s *store.Window[K, V]) error { return f(state.WindowReaderOf(s)) })
}

// QuerySessions is [QueryRows] for a table of sessions.
func QuerySessions[K, V any](ctx context.Context, a *App, t *table.Table[window.Key[K], V], f func(*state.SessionReader[K, V]) error) (Coverage, error) {
	return stores(ctx, a, t, func(s *store.Session[K, V]) error { return f(state.SessionReaderOf(s)) })
}

// stores calls f with each task's part of the store of a table.
func stores[K, V any, S graph.TaskStore](ctx context.Context, a *App, t *table.Table[K, V], f func(S) error) (Coverage, error) {
	return ask(ctx, a, t.Parts().View, func(task *graph.Context, view graph.View[K, V]) error {
		if len(view.Stores) != 1 {
			return errors.New("millrace: the table is derived of others and keeps no rows: query those, or give it a store with topology.As")
		}
		s, err := graph.OpenStore[S](task, view.Stores[0])
		if err != nil {
			return fmt.Errorf("millrace: query: %w", err)
		}
		return f(s)
	})
}

// ask calls f for each task that holds what a view needs.
func ask[K, V any](ctx context.Context, a *App, viewOf func() graph.View[K, V], f func(*graph.Context, graph.View[K, V]) error) (c Coverage, err error) {
	rt := a.rt.Load()
	if rt == nil {
		return c, fmt.Errorf("millrace: query: the App does not run: wait for %s", StateRunning)
	}
	view := viewOf()
	c.Here, c.All, err = rt.Query(ctx, view.Stores, func(t *engine.Task) error { return f(t.Committed(), view) })
	if err != nil {
		return c, fmt.Errorf("millrace: query: %w", err)
	}
	if c.All == 0 {
		return c, errors.New("millrace: query: no task holds the table: it is of another topology, or has no store; give it one with topology.As")
	}
	return c, nil
}
