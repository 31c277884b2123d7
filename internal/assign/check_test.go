package assign

import (
	"maps"
	"slices"
)

// checkGrants holds the grants of an assignment against all that were made before it.
func (w *world) checkGrants(next Assignment) {
	w.t.Helper()
	for slot, history := range w.granted {
		for id, until := range history {
			if until == 0 && next.Grants[slot].Member != id {
				history[id] = next.Version
				if w.present[id] != "" {
					w.taken++
				}
			}
		}
	}
	for slot, g := range next.Grants {
		if g.Member == "" {
			continue
		}
		if w.present[g.Member] != g.Instance {
			w.t.Fatalf("task %d is granted to %s of %s, which is not in the group %v", slot, g.Member, g.Instance, w.present)
		}
		if g.From != "" {
			w.t.Fatalf("task %d is granted while it is on its way: %+v", slot, g)
		}
		for id, until := range w.granted[slot] {
			if id == g.Member || w.present[id] == "" {
				continue
			}
			i := slices.IndexFunc(w.procs, func(p *process) bool { return p.id == id })
			if said := w.procs[i].said; said.Acked < until || slices.Contains(said.Held, slot) {
				w.t.Fatalf("task %d is granted to %s while %s may commit for it: taken in version %d, it says %+v", slot, g.Member, id, until, said)
			}
		}
		if w.granted[slot] == nil {
			w.granted[slot] = map[string]uint64{}
		}
		w.granted[slot][g.Member] = 0
	}
}

func (w *world) checkCopies(next Assignment) {
	w.t.Helper()
	warmups := 0
	for slot, copies := range next.Standbys {
		warmups += max(0, len(copies)-w.cfg.Standbys)
		if sorted := slices.Sorted(slices.Values(copies)); len(slices.Compact(sorted)) != len(copies) {
			w.t.Fatalf("task %d has an instance twice in its copies %v", slot, copies)
		}
		if slices.Contains(copies, next.Grants[slot].Instance) {
			w.t.Fatalf("task %d has a copy where it runs: %v, %+v", slot, copies, next.Grants[slot])
		}
	}
	if warmups > w.cfg.MaxWarmups {
		w.t.Fatalf("%d tasks warm up at once: %v", warmups, next.Standbys)
	}
}

// checkHolders is the independent check: however the group came to this, for no task may two members of it commit.
func (w *world) checkHolders() {
	w.t.Helper()
	holder := map[int32]string{}
	for _, p := range w.procs {
		for slot := range p.held {
			if other, ok := holder[slot]; ok {
				w.t.Fatalf("both %s and %s may commit for task %d", p.id, other, slot)
			}
			holder[slot] = p.id
		}
	}
}

// checkRest says what a group at rest must look like.
func (w *world) checkRest() {
	w.t.Helper()
	if len(w.procs) == 0 {
		return
	}
	counts := map[int]map[string]int{-1: {}} // tasks by sub-topology and member; -1: in all
	count := func(sub int, id string, n int) {
		if counts[sub] == nil {
			counts[sub] = map[string]int{}
			for _, p := range w.procs {
				counts[sub][p.id] = 0
			}
		}
		counts[sub][id] += n
	}
	for _, p := range w.procs {
		count(-1, p.id, 0)
	}
	if len(w.last.Grants) != len(w.tasks) {
		w.t.Fatalf("%d grants of %d tasks", len(w.last.Grants), len(w.tasks))
	}
	for _, task := range w.tasks {
		g := w.last.Grants[task.Slot]
		if w.present[g.Member] == "" {
			w.t.Fatalf("task %d runs nowhere: %+v", task.Slot, g)
		}
		count(task.Sub, g.Member, 1)
		count(-1, g.Member, 1)
		want := 0
		if task.Stateful {
			want = min(w.cfg.Standbys, len(w.procs)-1)
		}
		if got := w.last.Standbys[task.Slot]; len(got) != want {
			w.t.Fatalf("task %d has the copies %v of %d", task.Slot, got, want)
		}
	}
	w.checkSpread()
	for sub, byMember := range counts {
		all := slices.Collect(maps.Values(byMember))
		if slices.Max(all)-slices.Min(all) > 1 {
			w.t.Fatalf("sub-topology %d is out of balance: %v", sub, byMember)
		}
	}
}

// checkSpread says that no standby is where another instance with two fewer could keep it.
func (w *world) checkSpread() {
	w.t.Helper()
	loads := map[string]int{}
	for _, copies := range w.last.Standbys {
		for _, instance := range copies {
			loads[instance]++
		}
	}
	for slot, copies := range w.last.Standbys {
		for _, from := range copies {
			for _, p := range w.procs {
				if to := p.instance; loads[from]-loads[to] >= 2 && !slices.Contains(copies, to) && w.last.Grants[slot].Instance != to {
					w.t.Fatalf("%s has %d copies and %s %d, which could have that of task %d: %v", from, loads[from], to, loads[to], slot, w.last.Standbys)
				}
			}
		}
	}
}
