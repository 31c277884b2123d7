package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
)

// GlobalsConfig is what a driver gives the global tables of an instance.
type GlobalsConfig struct {
	Graph *graph.Graph
	// Disk and Memory hold the rows (db.Shared); where all tables are of one kind, one of them is enough.
	Disk, Memory db.DB
	// Skipped and OnDecode are as a task's.
	Skipped  func(Skip)
	OnDecode func(*RecordError) Verdict
}

// Globals are the global tables of an instance. One goroutine of the driver writes them (Apply, Wipe); the tasks that are
// made with them (Config.Globals) read them meanwhile. They take no part in commits: a row is there once Apply returns, with
// the position after it.
type Globals struct {
	cfg     GlobalsConfig
	tables  []*globalTable
	dropped atomic.Int64
}

type globalTable struct {
	*graph.Global
	d       db.DB
	id      uint16
	version atomic.Int64 // of the rows; readers forget what they have read when it moves
}

// NewGlobals opens the tables. They hold what the DBs hold; the driver brings them up to date before it makes a task.
func NewGlobals(cfg GlobalsConfig) (*Globals, error) {
	g := &Globals{cfg: cfg}
	for _, x := range cfg.Graph.Globals {
		t := &globalTable{Global: x, d: cfg.Disk}
		if x.Store.Memory {
			t.d = cfg.Memory
		}
		if t.d == nil {
			return nil, fmt.Errorf("engine: global table %q (%s) has no DB to lie in", x.Store.Name, x.Store.At)
		}
		var err error
		if t.id, err = storeID(t.d, x.Store.Name); err != nil {
			return nil, err
		}
		g.tables = append(g.tables, t)
	}
	return g, nil
}

func (g *Globals) of(x *graph.Global) (*globalTable, error) {
	for _, t := range g.tables {
		if t.Global == x {
			return t, nil
		}
	}
	return nil, fmt.Errorf("engine: global table %q (%s) is of another topology", x.Store.Name, x.Store.At)
}

// Besides the rows of stores (see stores.go), under two zero bytes lies
//
//	0 0 'p' partition name -> the offset up to which the rows of a global table's partition are current
func positionKey(name string, partition int32) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0, 0, 'p'}, uint32(partition)), name...)
}

// Position is the offset up to which a partition has been applied; -1: nothing is known.
func (g *Globals) Position(x *graph.Global, partition int32) (int64, error) {
	t, err := g.of(x)
	if err != nil {
		return 0, err
	}
	v, ok, err := t.d.Get(positionKey(x.Store.Name, partition))
	switch {
	case err != nil:
		return 0, err
	case !ok:
		return -1, nil
	case len(v) != 8:
		return 0, damaged(x.Store.Name, "position", v)
	}
	return int64(binary.BigEndian.Uint64(v)), nil
}

// Apply takes records of a partition in, in offset order, and the position after them. Applying one again does no harm. A
// record with a null key is dropped and counted; one that does not decode goes before the policy.
func (g *Globals) Apply(x *graph.Global, partition int32, recs []graph.Raw, next int64) error {
	t, err := g.of(x)
	if err != nil {
		return err
	}
	b := t.d.Batch()
	defer b.Discard()
	for i := range recs {
		if err := g.put(t, b, &recs[i]); err != nil {
			return err
		}
	}
	if err := b.Set(positionKey(x.Store.Name, partition), binary.BigEndian.AppendUint64(nil, uint64(next))); err != nil {
		return err
	}
	if err := b.Commit(); err != nil {
		return fmt.Errorf("engine: global table %q: %w", x.Store.Name, err)
	}
	t.version.Add(1)
	return nil
}

// put takes one record in.
func (g *Globals) put(t *globalTable, b db.Batch, r *graph.Raw) error {
	if r.Key == nil {
		g.skip(t, r, "null key")
		return nil
	}
	key, err := t.Row(r)
	if err != nil {
		re := &RecordError{Topic: t.Topic.FullName(""), Partition: r.Partition, Offset: r.Offset, Raw: *r, Err: err}
		if g.cfg.OnDecode == nil || g.cfg.OnDecode(re) == Fail {
			return fmt.Errorf("engine: global table %q (%s): %w", t.Store.Name, t.Store.At, re)
		}
		g.skip(t, r, err.Error())
		return nil
	}
	row := append(binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(key)), t.id), key...)
	if r.Value == nil {
		return b.Delete(row)
	}
	return b.Set(row, append(binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(r.Value)), uint64(r.Timestamp)), r.Value...))
}

func (g *Globals) skip(t *globalTable, r *graph.Raw, reason string) {
	g.dropped.Add(1)
	if g.cfg.Skipped != nil {
		g.cfg.Skipped(Skip{nil, reason, t.Topic.FullName(""), r.Partition, r.Offset})
	}
}

// Dropped is how many records were.
func (g *Globals) Dropped() int64 { return g.dropped.Load() }

// Wipe empties a table before it is read from the start.
func (g *Globals) Wipe(x *graph.Global, partitions int32) error {
	t, err := g.of(x)
	if err != nil {
		return err
	}
	b := t.d.Batch()
	defer b.Discard()
	err = b.DeleteRange(rowsOf(t.id))
	for p := range partitions {
		err = errors.Join(err, b.Delete(positionKey(x.Store.Name, p)))
	}
	if err = errors.Join(err, b.Commit()); err != nil {
		return fmt.Errorf("engine: global table %q: %w", x.Store.Name, err)
	}
	t.version.Add(1)
	return nil
}

// globalReader is a task's view of a global table.
type globalReader struct {
	of   *globalTable
	rows graph.TaskStore
	seen int64 // the version of what it remembers
}

// Open makes a view of a table for one goroutine. It shows the rows as they are now, or later.
func (g *Globals) Open(ctx *graph.Context, x *graph.Global) (graph.TaskStore, error) {
	t, err := g.of(x)
	if err != nil {
		return nil, err
	}
	return x.Store.Make(ctx, x.Store, t.d, binary.BigEndian.AppendUint16(nil, t.id))
}

// openGlobal makes the task's view of a global table, which it has but one.
func (t *Task) openGlobal(s *graph.Store) (graph.TaskStore, error) {
	for _, r := range t.globals {
		if r.of.Store == s {
			return r.rows, nil
		}
	}
	if t.cfg.Globals == nil {
		return nil, fmt.Errorf("engine: global table %q (%s) was not loaded: the driver gave the task none", s.Name, s.At)
	}
	of, err := t.cfg.Globals.of(s.Global)
	if err != nil {
		return nil, err
	}
	seen := of.version.Load()
	rows, err := t.cfg.Globals.Open(t.ctx, s.Global)
	if err != nil {
		return nil, err
	}
	t.globals = append(t.globals, &globalReader{of, rows, seen})
	return rows, nil
}

// refresh forgets what was read of global tables that have changed since. It comes before each record, so that what a
// record sees is at least as new as itself where the driver applied an update before it.
func (t *Task) refresh() {
	for _, r := range t.globals {
		if v := r.of.version.Load(); v != r.seen {
			r.seen = v
			r.rows.Abort()
		}
	}
}

// trim bounds what the views remember: nothing in them is dirty.
func (t *Task) trim() error {
	for _, r := range t.globals {
		if err := r.rows.Apply(nil); err != nil {
			return err
		}
	}
	return nil
}
