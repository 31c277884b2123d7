package assign

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

var seedFlag = flag.Uint64("seed", 0, "run the property tests with this seed only")

// property runs a test with seeds that never change and with new ones.
func property(t *testing.T, test func(t *testing.T, rng *rand.Rand)) {
	t.Helper()
	var seeds []uint64
	for seed := range uint64(12) {
		seeds = append(seeds, seed+1)
		if seed%4 == 0 {
			seeds = append(seeds, rand.Uint64())
		}
	}
	if *seedFlag != 0 {
		seeds = []uint64{*seedFlag}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			test(t, rand.New(rand.NewPCG(seed, 1)))
		})
	}
}

func randomTasks(rng *rand.Rand) []Task {
	var tasks []Task
	for sub := range 1 + rng.IntN(4) {
		stateful := rng.IntN(3) > 0
		for range 1 + rng.IntN(12) {
			task := Task{Slot: int32(len(tasks)), Sub: sub, Stateful: stateful}
			if stateful {
				task.Size = rng.Int64N(500_000)
			}
			tasks = append(tasks, task)
		}
	}
	return tasks
}

// TestGroupsOfAllKinds lives through joins, silent deaths, restarts, slow members, leaving and changes of the topology,
// and asks after every step whether two members may commit for a task; then it lets the group come to rest.
// A run is repeated with: go test ./internal/assign -run TestGroupsOfAllKinds -seed N.
func TestGroupsOfAllKinds(t *testing.T) {
	t.Parallel()
	property(t, func(t *testing.T, rng *rand.Rand) {
		cfg := Config{Standbys: rng.IntN(3), MaxWarmups: 1 + rng.IntN(3), AcceptableLag: 10_000}
		w := newWorld(t, rng, cfg, randomTasks(rng))
		instances := []string{"a", "b", "c", "d", "e", "f"}[:1+rng.IntN(6)]
		for range 4 {
			for range 250 {
				w.step(instances)
				w.checkHolders()
			}
			w.quiet()
			w.checkRest()
		}
	})
}

// TestOneMemberMoreOrLess lets groups in balance grow and shrink by one member. Of alike tasks no more move than the new
// member's share; where several sub-topologies have to be spread each by itself and all together, one more for each of
// them may have to. When a member is gone, others move for each of its tasks at most one.
func TestOneMemberMoreOrLess(t *testing.T) {
	t.Parallel()
	property(t, func(t *testing.T, rng *rand.Rand) {
		w := newWorld(t, rng, Config{Standbys: rng.IntN(2), MaxWarmups: 1 + rng.IntN(3)}, randomTasks(rng))
		slack := w.tasks[len(w.tasks)-1].Sub
		for _, instance := range rng.Perm(8) {
			w.join(fmt.Sprint(instance))
			before := w.taken
			w.quiet()
			w.checkRest()
			share := (len(w.tasks) + len(w.procs) - 1) / len(w.procs)
			if moved := w.taken - before; moved > share+slack {
				t.Fatalf("%d of %d tasks moved when there were %d members: %+v", moved, len(w.tasks), len(w.procs), w.last.Grants)
			}
		}
		for len(w.procs) > 1 {
			gone := w.procs[rng.IntN(len(w.procs))]
			before, orphans := w.taken, len(gone.held)
			w.expel(gone)
			w.quiet()
			w.checkRest()
			if moved := w.taken - before; moved > orphans+slack {
				t.Fatalf("%d of %d tasks moved when one with %d was gone and %d members were left: %+v", moved, len(w.tasks), orphans, len(w.procs), w.last.Grants)
			}
		}
	})
}

// step lets one thing happen.
func (w *world) step(instances []string) {
	w.t.Helper()
	if w.rng.IntN(3) == 0 {
		w.lead()
		return
	}
	var p *process
	if len(w.procs) > 0 {
		p = w.procs[w.rng.IntN(len(w.procs))]
	}
	switch what := w.rng.IntN(100); {
	case what < 5 || p == nil:
		instance := instances[w.rng.IntN(len(instances))]
		if running := slices.ContainsFunc(w.procs, func(p *process) bool { return p.instance == instance && p.alive }); !running || what == 0 {
			w.join(instance)
		}
	case what < 7:
		p.alive = false
	case what < 12:
		if !p.alive {
			w.expel(p)
		}
	case what < 14:
		p.leaving = true
	case what < 16:
		if p.leaving {
			w.expel(p)
		}
	case what < 17:
		w.reshape()
	case !p.alive:
	case what < 40:
		w.announce(p)
	case what < 60:
		w.obey(p)
	case what < 80:
		w.stop(p)
	default:
		w.read(p, w.rng.Int64N(30_000))
	}
}

// reshape takes a task out of the topology, or puts one in.
func (w *world) reshape() {
	if i := w.rng.IntN(len(w.tasks)); len(w.tasks) > 1 && w.rng.IntN(2) == 0 {
		w.tasks = slices.Delete(w.tasks, i, i+1)
		return
	}
	like := w.tasks[w.rng.IntN(len(w.tasks))]
	for slices.ContainsFunc(w.tasks, func(t Task) bool { return t.Slot == like.Slot }) {
		like.Slot = int32(w.rng.IntN(60))
	}
	w.tasks = append(w.tasks, like)
}
