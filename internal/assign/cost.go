package assign

import "slices"

// settledLoad counts the tasks that are settled somewhere: the others move for nothing.
func (p *plan) settledLoad() load {
	settled := newLoad(p.subs, len(p.able))
	for _, j := range p.tasks {
		if j.at >= 0 && !j.loose {
			settled.add(j.sub, j.at, 1)
		}
	}
	return settled
}

// begunLoad counts tasks that warm up elsewhere as settled there, and says whether there are any.
func (p *plan) begunLoad(settled load) (begun load, some bool) {
	begun = settled.clone()
	for _, j := range p.tasks {
		listed := p.prev.Standbys[j.Slot]
		if j.stage != kept || j.at < 0 || len(listed) <= p.cfg.Standbys {
			continue
		}
		for member, m := range p.able {
			if m.Instance == listed[len(listed)-1] && settled.bySub[j.sub][member] < settled.bySub[j.sub][j.at] {
				begun.add(j.sub, j.at, -1)
				begun.add(j.sub, member, 1)
				some = true
				break
			}
		}
	}
	return begun, some
}

// extraCosts tells, for each sub-topology and member, what it costs that the member has one more than the floor: nothing
// if it has that many settled tasks, which would have to move otherwise, else the move of one, and less if that can be done
// at once.
func (p *plan) extraCosts(settled load) [][]int {
	const move, moveAtOnce = 4, 3
	floors := make([]int, p.subs)
	for sub, counts := range p.counts.bySub {
		floors[sub] = sum(counts) / len(counts)
	}
	ready := newLoad(p.subs, len(p.able)) // the tasks that somebody has too many of and that a member could run at once
	for _, j := range p.tasks {
		if j.at < 0 || j.loose || settled.bySub[j.sub][j.at] <= floors[j.sub] {
			continue
		}
		for member := range p.able {
			if settled.bySub[j.sub][member] <= floors[j.sub] && p.caughtUp(j, member) {
				ready.add(j.sub, member, 1)
			}
		}
	}
	costs := make([][]int, p.subs)
	for sub, floor := range floors {
		costs[sub] = slices.Repeat([]int{move}, len(p.able))
		for member, have := range settled.bySub[sub] {
			switch {
			case have > floor:
				costs[sub][member] = 0
			case have+ready.bySub[sub][member] > floor:
				costs[sub][member] = moveAtOnce
			}
		}
	}
	return costs
}
