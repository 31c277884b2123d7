package runtime

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/transport"
)

// supervise opens the tasks that the leader gives to this instance, and hands them to workers, until ctx ends.
func (r *Runtime) supervise(ctx context.Context, g *group) error {
	openings := make(chan struct{}, max(1, r.cfg.Workers)) // how many are opened at once
	checked := false
	r.state.set(Restoring, nil)
	for {
		if held, known := r.own.snapshot(); known {
			if !checked { // another instance may have joined while this one did
				if err := r.agree(ctx); err != nil {
					return err
				}
				checked = true
			}
			if fresh := r.reconcile(held); len(fresh) > 0 {
				g.run(func() error { return r.seatAll(ctx, g, openings, fresh) })
			}
			if r.complete(held) {
				r.state.set(Running, nil)
			} else {
				r.state.set(Restoring, nil)
			}
		}
		poke(r.telling)
		poke(r.standbys.look)
		select {
		case <-ctx.Done():
			return nil
		case <-r.own.changed:
		case <-r.wake:
		}
	}
}

// reconcile returns the tasks that are to be opened now. One that was lost and given again has to be closed by its
// worker first.
func (r *Runtime) reconcile(held map[int32]uint64) []int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	for slot, s := range r.seats {
		if s.left {
			delete(r.seats, slot)
		}
	}
	var fresh []int32
	for slot, stamp := range held {
		id, ours := r.ids[slot]
		if ours && r.seats[slot] == nil {
			r.seats[slot] = &seat{id: id, stamp: stamp}
			fresh = append(fresh, slot)
		}
	}
	slices.Sort(fresh)
	for _, slot := range fresh { // in order, so that equal instances spread equally
		r.seats[slot].worker = r.lightest(r.seats[slot].id)
	}
	return fresh
}

// lightest is the worker with the fewest tasks of the sub-topology, then the fewest at all: tasks of one sub-topology
// do about the same work.
func (r *Runtime) lightest(id engine.TaskID) *worker {
	same, all := map[*worker]int{}, map[*worker]int{}
	for _, s := range r.seats {
		if s.worker != nil {
			all[s.worker]++
			if s.id.Sub == id.Sub {
				same[s.worker]++
			}
		}
	}
	return slices.MinFunc(r.workers, func(a, b *worker) int {
		if same[a] != same[b] {
			return same[a] - same[b]
		}
		return all[a] - all[b]
	})
}

// seatAll opens tasks in their order, as many at once as there are openings: which is opened first must not be chance, or no
// simulation happens twice.
func (r *Runtime) seatAll(ctx context.Context, g *group, openings chan struct{}, slots []int32) error {
	for _, slot := range slots {
		select {
		case openings <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // it ends
		}
		g.run(func() error {
			defer func() { <-openings }()
			return r.seat(ctx, slot)
		})
	}
	return nil
}

// seat opens a task and hands it to its worker.
func (r *Runtime) seat(ctx context.Context, slot int32) error {
	r.mu.Lock()
	s := r.seats[slot]
	r.mu.Unlock()
	if !r.own.holds(slot, s.stamp) { // gone already
		r.leave(slot)
		return nil
	}
	t, err := r.openPatiently(ctx, s, slot)
	if err != nil {
		if ctx.Err() != nil {
			return nil //nolint:nilerr // stopped before it was open
		}
		if !r.own.holds(slot, s.stamp) {
			r.leave(slot)
			return nil
		}
		return err
	}
	select {
	case s.worker.inbox <- t:
	case <-ctx.Done():
		return t.close()
	}
	return nil
}

// openPatiently opens a task, again while no broker answers: one that restarts must not end the application.
func (r *Runtime) openPatiently(ctx context.Context, s *seat, slot int32) (*task, error) {
	for deadline := time.Now().Add(stallLimit); ; {
		t, err := r.open(ctx, s.id, slot, s.stamp)
		if err == nil || !errors.Is(err, transport.ErrUnreachable) || time.Now().After(deadline) || !r.own.holds(slot, s.stamp) {
			return t, err
		}
		r.log.Warn("runtime: a task is not opened yet, and will be tried again: " + err.Error())
		if sleep(ctx, time.Second) != nil {
			return nil, err
		}
	}
}

// adopted notes that a worker has a task.
func (r *Runtime) adopted(t *task) {
	r.mu.Lock()
	r.seats[t.slot].task = t
	r.mu.Unlock()
	poke(r.wake)
}

// part notes that a worker has let go of a task, which is closed then.
func (r *Runtime) part(t *task) {
	r.mu.Lock()
	if s := r.seats[t.slot]; s != nil {
		s.parted = true
	}
	r.mu.Unlock()
	poke(r.wake)
}

// released notes that a task is closed.
func (r *Runtime) released(t *task) {
	r.metrics.retire(t, func() { r.leave(t.slot) })
}

func (r *Runtime) leave(slot int32) {
	r.mu.Lock()
	if s := r.seats[slot]; s != nil {
		s.left = true
		s.task = nil
	}
	r.mu.Unlock()
	poke(r.wake)
}

// complete says whether all that is held runs.
func (r *Runtime) complete(held map[int32]uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for slot := range held {
		if _, ours := r.ids[slot]; ours && !r.seats[slot].runs() {
			return false
		}
	}
	return true
}

// runs says whether a worker has the task.
func (s *seat) runs() bool { return s != nil && s.task != nil && !s.parted }

// running lists the tasks that workers have, or have let go of just now.
func (r *Runtime) running() []*task {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []*task
	for _, s := range r.seats {
		if s.task != nil {
			list = append(list, s.task)
		}
	}
	slices.SortFunc(list, func(a, b *task) int { return int(a.slot - b.slot) })
	return list
}

// untilStop waits, and says whether to go on.
func untilStop(ctx context.Context, d time.Duration) bool { return sleep(ctx, d) == nil }

// Tasks names the tasks that run here.
func (r *Runtime) Tasks() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, slot := range slices.Sorted(maps.Keys(r.seats)) {
		if s := r.seats[slot]; s.runs() {
			names = append(names, s.task.name)
		}
	}
	return names
}
