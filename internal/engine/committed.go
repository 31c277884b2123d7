package engine

import (
	"encoding/binary"
	"fmt"

	"github.com/millrace-go/millrace/internal/graph"
)

// Committed is a context whose stores hold what the task last committed, and nothing of what it did since: uncommitted rows
// never reach a DB. It is for reading, by the task's goroutine, before the task goes on.
func (t *Task) Committed() *graph.Context {
	ctx := &graph.Context{TaskPartition: t.cfg.Partition, StreamTime: -1, WallTime: t.ctx.WallTime, StdFunc: t.ctx.StdFunc, SkipFunc: func(*graph.Node, string) {}}
	ctx.StoreFunc = func(s *graph.Store) (graph.TaskStore, error) {
		if s.Global != nil {
			return t.open(s)
		}
		o := t.byName[s.Name]
		if o == nil {
			return nil, fmt.Errorf("engine: store %q is not of this task", s.Name)
		}
		ts, err := s.Make(ctx, s, o.d, binary.BigEndian.AppendUint16(nil, o.id))
		if err != nil {
			return nil, err
		}
		// How far the store had come decides which of its rows have expired.
		for _, v := range ctx.Vars {
			for i, live := range t.ctx.Vars {
				if live.Name == v.Name && i < len(t.saved) {
					*v.P = t.saved[i]
				}
			}
		}
		return ts, nil
	}
	return ctx
}

// Holds says whether the task has a part of each of these stores.
func (t *Task) Holds(stores []*graph.Store) bool {
	for _, s := range stores {
		if t.byName[s.Name] == nil && s.Global == nil {
			return false
		}
	}
	return true
}
