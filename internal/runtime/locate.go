package runtime

import (
	"errors"
	"slices"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
)

// Location is where a task runs, as this instance has read it in the members topic.
type Location struct {
	Task     string
	Here     bool
	Instance string // Config.InstanceID
	Address  string // Config.AdvertisedAddress
	Standbys []Host // instances that keep a copy
}

// Host is an instance.
type Host struct{ Instance, Address string }

// ErrUnassigned says that a task is on its way from one instance to another.
var ErrUnassigned = errors.New("runtime: nobody runs the task at the moment: ask again soon")

// errNoTask is of stores that no task holds.
var errNoTask = errors.New("runtime: no task holds the table")

// Locate tells where the task is that holds the stores and a partition, which it chooses of so many.
func (r *Runtime) Locate(stores []*graph.Store, partition func(count int32) int32) (Location, error) {
	r.mu.Lock()
	ready := len(r.workers) > 0
	r.mu.Unlock()
	if !ready {
		return Location{}, ErrNotRunning
	}
	if len(stores) > 0 && !slices.ContainsFunc(stores, func(st *graph.Store) bool { return st.Global == nil }) {
		return Location{Here: true, Instance: r.dir.Instance, Address: r.cfg.Address}, nil // every instance has all of it
	}
	sub := slices.IndexFunc(r.plan.Subs, func(s *graph.Subtopology) bool {
		return len(stores) > 0 && !slices.ContainsFunc(stores, func(st *graph.Store) bool { return st.Global == nil && !slices.Contains(s.Stores, st) })
	})
	if sub < 0 {
		return Location{}, errNoTask
	}
	id := engine.TaskID{Sub: sub, Partition: partition(r.plan.Subs[sub].Tasks(r.plan.Counts))}
	l := Location{Task: taskName(r.plan, id)}
	slot := r.registry.slots[l.Task]
	v, _ := r.members.View()
	for _, instance := range v.Assignment.Standbys[slot] {
		for _, m := range v.Members {
			if m.Instance == instance {
				l.Standbys = append(l.Standbys, Host{instance, m.Address})
				break // it may have two records for a moment
			}
		}
	}
	g := v.Assignment.Grants[slot]
	if g.Member == "" {
		return l, ErrUnassigned
	}
	l.Instance, l.Address = g.Instance, v.Members[g.Member].Address
	l.Here = g.Member == r.own.id()
	return l, nil
}
