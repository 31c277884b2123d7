package assign

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// process is a member as it is, not as it says it is.
type process struct {
	id, instance string
	alive        bool           // alive says that the process runs; one that died silently stays in the group for a while.
	acked        uint64         // acked is the version that it obeys.
	held         map[int32]bool // held are the tasks for which it may commit.
	granted      map[int32]bool // granted are those that the version it obeys grants to it.
	leaving      bool
	said         *Member // said is what it announced last.
}

// world is a group, its coordinator and the topic of assignments. It knows who may commit for what, from nothing but what
// the processes do.
type world struct {
	t       *testing.T
	rng     *rand.Rand
	cfg     Config
	tasks   []Task
	procs   []*process
	present map[string]string          // present is what the coordinator says.
	state   map[string]map[int32]int64 // state has how far each instance's state on disk is behind, by slot.
	last    Assignment
	granted map[int32]map[string]uint64 // granted has, by slot and member id, the version that took the task away, 0 while it is granted.
	ids     int
	taken   int  // taken counts the tasks that were taken from a member of the group.
	aimless bool // aimless says that the aims of tasks on their way are forgotten: they are only a hint.
}

func newWorld(t *testing.T, rng *rand.Rand, cfg Config, tasks []Task) *world {
	return &world{
		t: t, rng: rng, cfg: cfg, tasks: tasks, present: map[string]string{}, state: map[string]map[int32]int64{},
		granted: map[int32]map[string]uint64{}, aimless: rng.IntN(4) == 0,
	}
}

// join starts a process. One with the instance of another that is still in the group replaces it there.
func (w *world) join(instance string) *process {
	for _, p := range slices.Clone(w.procs) {
		if p.instance == instance {
			w.expel(p)
		}
	}
	w.ids++
	p := &process{
		id: fmt.Sprintf("%s-%d", instance, w.ids), instance: instance, alive: true, held: map[int32]bool{}, granted: map[int32]bool{},
	}
	w.procs = append(w.procs, p)
	w.present[p.id] = instance
	if w.state[instance] == nil {
		w.state[instance] = map[int32]int64{}
	}
	return p
}

// expel takes a process out of the group: none of its commits is accepted any more.
func (w *world) expel(p *process) {
	delete(w.present, p.id)
	p.alive = false
	w.procs = slices.DeleteFunc(w.procs, func(q *process) bool { return q == p })
}

func (w *world) announce(p *process) {
	m := &Member{ID: p.id, Instance: p.instance, Acked: p.acked, Held: slices.Sorted(maps.Keys(p.held)), Lag: map[int32]int64{}, Leaving: p.leaving}
	for slot, lag := range w.state[p.instance] {
		if !p.held[slot] {
			m.Lag[slot] = lag
		}
	}
	p.said = m
}

// obey makes a process read the last assignment. It may run what that grants at once; what it does not grant any more it
// still has until it stops it.
func (w *world) obey(p *process) {
	p.acked = w.last.Version
	clear(p.granted)
	for slot, g := range w.last.Grants {
		if g.Member == p.id {
			p.granted[slot], p.held[slot] = true, true
		}
	}
}

// stop ends the tasks that a process must not run any more.
func (w *world) stop(p *process) {
	maps.DeleteFunc(p.held, func(slot int32, _ bool) bool { return !p.granted[slot] })
}

// read makes a process read changelogs: of the tasks that it runs and of those of which it keeps copies.
// It gives the number of those that it has read.
func (w *world) read(p *process, records int64) (read int64) {
	state := w.state[p.instance]
	for _, task := range w.tasks {
		if !task.Stateful || !p.held[task.Slot] && !slices.Contains(w.last.Standbys[task.Slot], p.instance) {
			continue
		}
		if _, ok := state[task.Slot]; !ok {
			state[task.Slot] = task.Size
		}
		n := min(state[task.Slot], records)
		state[task.Slot] -= n
		read += n
	}
	return read
}

func (w *world) group() Group {
	g := Group{Tasks: slices.Clone(w.tasks), Present: maps.Clone(w.present)}
	for _, p := range w.procs {
		if p.said != nil {
			g.Members = append(g.Members, *p.said)
		}
	}
	w.rng.Shuffle(len(g.Tasks), func(i, j int) { g.Tasks[i], g.Tasks[j] = g.Tasks[j], g.Tasks[i] })
	w.rng.Shuffle(len(g.Members), func(i, j int) { g.Members[i], g.Members[j] = g.Members[j], g.Members[i] })
	return g
}

// lead makes the next assignment, checks it, and says whether it differs from the last.
func (w *world) lead() bool {
	w.t.Helper()
	before := clone(w.last)
	g := w.group()
	next, changed := Next(w.last, g, w.cfg)
	if diff := cmp.Diff(before, w.last); diff != "" {
		w.t.Fatalf("Next changed the assignment that it was given (-before +after):\n%s", diff)
	}
	if other, _ := Next(w.last, w.group(), w.cfg); !cmp.Equal(next, other) {
		w.t.Fatalf("members and tasks in another order get another assignment (-one +other):\n%s", cmp.Diff(next, other))
	}
	if !changed {
		if diff := cmp.Diff(w.last, next); diff != "" {
			w.t.Fatalf("an assignment that has not changed differs (-last +next):\n%s", diff)
		}
		return false
	}
	if next.Version != w.last.Version+1 {
		w.t.Fatalf("version %d follows %d", next.Version, w.last.Version)
	}
	// On the way to balance a plan may see further than the last one did, but soon all is said for a group that stays.
	for again, calls := next, 0; ; calls++ {
		if again, changed = Next(again, g, w.cfg); !changed {
			break
		}
		if calls == 3 {
			w.t.Fatalf("the same group gets assignment after assignment (-first +last):\n%s\nof %+v\nafter %+v", cmp.Diff(next, again), g, w.last)
		}
	}
	w.checkGrants(next)
	w.checkCopies(next)
	w.last = clone(next)
	for slot, g := range w.last.Grants {
		if w.aimless {
			g.To = ""
			w.last.Grants[slot] = g
		}
	}
	return true
}

// quiet lets the group come to rest: what is dead leaves the group, what leaves is gone, and all that is left does what it
// is told and reads on until nothing changes.
func (w *world) quiet() {
	w.t.Helper()
	for _, p := range slices.Clone(w.procs) {
		if !p.alive || p.leaving {
			w.expel(p)
		}
	}
	still := 0
	for round := 0; still < 3; round++ {
		if round > 20*len(w.tasks)+100 {
			w.t.Fatalf("the group does not come to rest: %+v", w.last)
		}
		for _, p := range w.procs {
			w.obey(p)
			w.stop(p)
			if w.read(p, 50_000) > 0 {
				still = 0
			}
			w.announce(p)
		}
		w.checkHolders()
		if still++; w.lead() {
			still = 0
		}
	}
}

func clone(a Assignment) Assignment {
	c := Assignment{Version: a.Version, Grants: maps.Clone(a.Grants), Standbys: maps.Clone(a.Standbys)}
	for slot, copies := range c.Standbys {
		c.Standbys[slot] = slices.Clone(copies)
	}
	return c
}
