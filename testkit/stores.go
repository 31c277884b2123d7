package testkit

import (
	"fmt"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/window"
)

// Row is a row of a store.
type Row[K, V any] struct {
	Key       K
	Value     V
	Timestamp int64 // of a session: its end
}

// Rows are the rows of a key-value store, by key within each task.
func (d *Driver) Rows[K, V any](name string) []Row[K, V] {
	d.t.Helper()
	var rows []Row[K, V]
	for _, s := range storesOf[*store.KeyValue[K, V]](d, name) {
		for r, err := range store.All(s) {
			d.check(name, err)
			rows = append(rows, Row[K, V](r))
		}
	}
	return rows
}

// WindowRow is a row of a window or session store.
type WindowRow[K, V any] struct {
	Key        K
	Start, End int64 // a time window's End is not known to its store: 0
	Value      V
	Timestamp  int64
}

// WindowRows are the rows of a window store that have not expired.
func (d *Driver) WindowRows[K, V any](name string) []WindowRow[K, V] {
	d.t.Helper()
	var rows []WindowRow[K, V]
	for _, s := range storesOf[*store.Window[K, V]](d, name) {
		for r, err := range store.AllWindows(s) {
			d.check(name, err)
			rows = append(rows, WindowRow[K, V]{Key: r.Key, Start: r.Start, Value: r.Value, Timestamp: r.Timestamp})
		}
	}
	return rows
}

// SessionRows are the sessions of a session store that have not expired, by key, then end, then start.
func (d *Driver) SessionRows[K, V any](name string) []Row[window.Key[K], V] {
	d.t.Helper()
	var rows []Row[window.Key[K], V]
	for _, s := range storesOf[*store.Session[K, V]](d, name) {
		for r, err := range store.AllSessions(s) {
			d.check(name, err)
			rows = append(rows, Row[window.Key[K], V]{window.Key[K]{Key: r.Key, Start: r.Start, End: r.End}, r.Value, r.End})
		}
	}
	return rows
}

// storesOf are the parts of a store that the tasks hold.
func storesOf[S graph.TaskStore](d *Driver, name string) []S {
	d.t.Helper()
	var found []S
	add := func(ts graph.TaskStore) {
		d.t.Helper()
		s, ok := ts.(S)
		if !ok {
			d.t.Fatalf("testkit: store %q is a %T: read it with the kind and types that it was made with", name, ts)
		}
		found = append(found, s)
	}
	if ts := d.global(name); ts != nil {
		add(ts)
	}
	for _, m := range d.c.tasks {
		if ts, ok := m.task.Store(name); ok {
			add(ts)
		}
	}
	if len(found) == 0 {
		d.t.Fatalf("testkit: there is no store %q: stores of the topology are %v", name, d.storeNames())
	}
	return found
}

func (d *Driver) storeNames() []string {
	var names []string
	for _, s := range d.topo.Graph().Stores {
		names = append(names, fmt.Sprintf("%s (%s)", s.Name, s.Kind))
	}
	for _, x := range d.topo.Graph().Globals {
		names = append(names, fmt.Sprintf("%s (global table)", x.Store.Name))
	}
	return names
}

func (d *Driver) check(name string, err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatalf("testkit: store %q: %v", name, err)
	}
}

func isNil[T any](v *T) bool { return store.Nilable[T]() && store.IsNil(v) }
