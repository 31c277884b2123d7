package engine

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
)

// The DB of a task holds its stores' rows under two bytes each, and under two zero bytes what it needs to find them:
//
//	0 0 's' name -> the store's two bytes
//	0 0 'o' name -> the changelog offset up to which the rows are current
//
// Two bytes once given stay given, so a topology may gain and lose stores.
func idKey(name string) []byte     { return append([]byte{0, 0, 's'}, name...) }
func offsetKey(name string) []byte { return append([]byte{0, 0, 'o'}, name...) }

func (t *Task) open(s *graph.Store) (graph.TaskStore, error) {
	if s.Global != nil {
		return t.openGlobal(s)
	}
	if o := t.byName[s.Name]; o != nil {
		return o.ts, nil
	}
	d := t.cfg.Disk
	if s.Memory {
		d = t.cfg.Memory
	}
	if d == nil {
		return nil, fmt.Errorf("engine: store %q (%s) has no DB to lie in", s.Name, s.At)
	}
	id, err := storeID(d, s.Name)
	if err != nil {
		return nil, err
	}
	o := &openStore{spec: s, d: d, id: id, offset: -1}
	if v, ok, err := d.Get(offsetKey(s.Name)); err != nil {
		return nil, err
	} else if ok && len(v) != 8 {
		return nil, damaged(s.Name, "changelog offset", v)
	} else if ok {
		o.offset = int64(binary.BigEndian.Uint64(v))
	}
	if o.ts, err = s.Make(t.ctx, s, d, binary.BigEndian.AppendUint16(nil, id)); err != nil {
		return nil, err
	}
	t.byName[s.Name] = o
	t.stores = append(t.stores, o)
	return o.ts, nil
}

func storeID(d db.DB, name string) (uint16, error) {
	v, ok, err := d.Get(idKey(name))
	if err != nil {
		return 0, err
	}
	if ok && len(v) == 2 {
		return binary.BigEndian.Uint16(v), nil
	}
	if ok {
		return 0, damaged(name, "id", v)
	}
	last := uint16(0)
	prefix := idKey("")
	it, err := d.Iter(prefix, []byte{0, 0, 's' + 1})
	if err != nil {
		return 0, err
	}
	for it.Next() {
		if v := it.Value(); len(v) == 2 {
			last = max(last, binary.BigEndian.Uint16(v))
		}
	}
	if err := errors.Join(it.Err(), it.Close()); err != nil {
		return 0, err
	}
	if last == 1<<16-1 {
		return 0, fmt.Errorf("engine: store %q is one too many: a task's directory holds 65,535 in its life; delete it to start anew", name)
	}
	b := d.Batch()
	if err := b.Set(idKey(name), binary.BigEndian.AppendUint16(nil, last+1)); err != nil {
		b.Discard()
		return 0, err
	}
	return last + 1, b.Commit()
}

func damaged(store, what string, v []byte) error {
	return fmt.Errorf("engine: store %q: its %s is %x, which nobody writes: the task's directory is damaged, delete it and the store is "+
		"restored from its changelog", store, what, v)
}

// StoreState is a store and how far its rows are current.
type StoreState struct {
	Store  *graph.Store
	Offset int64 // the next changelog offset to apply; -1: nothing is known
}

// Stores lists the task's stores, for restoring.
func (t *Task) Stores() []StoreState {
	list := make([]StoreState, 0, len(t.stores))
	for _, s := range t.stores {
		list = append(list, StoreState{s.spec, s.offset})
	}
	return list
}

// Wipe empties a store before it is restored from the start.
func (t *Task) Wipe(s *graph.Store) error {
	if err := t.Settle(); err != nil {
		return err
	}
	o := t.byName[s.Name]
	if o == nil {
		return fmt.Errorf("engine: store %q is not of this task", s.Name)
	}
	b := o.d.Batch()
	if err := b.DeleteRange(rowsOf(o.id)); err != nil {
		b.Discard()
		return err
	}
	if err := b.Delete(offsetKey(s.Name)); err != nil {
		b.Discard()
		return err
	}
	o.offset = -1
	return b.Commit()
}

// rowsOf bounds the rows of a store in its DB.
func rowsOf(id uint16) (lower, upper []byte) {
	if id < 1<<16-1 {
		upper = binary.BigEndian.AppendUint16(nil, id+1)
	}
	return binary.BigEndian.AppendUint16(nil, id), upper
}

// Store returns a task's part of a store, to be read.
func (t *Task) Store(name string) (graph.TaskStore, bool) {
	o := t.byName[name]
	if o == nil {
		return nil, false
	}
	return o.ts, true
}

// Flush makes what was committed survive the process.
func (t *Task) Flush() error {
	if t.cfg.Disk == nil {
		return nil
	}
	return t.cfg.Disk.Flush()
}
