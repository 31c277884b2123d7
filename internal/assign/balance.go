package assign

import "slices"

// balance moves tasks until no member of able has more of a sub-topology than another by two, nor in all. Both can be had
// at once: a sub-topology's tasks give every member the floor of the mean and some members one more, and these extras can
// be dealt so that their numbers differ by one at most.
//
// It first decides how many tasks of each sub-topology every member should have, so that as few as possible have to move
// from where they are, then which. A group that is balanced is left alone.
func (p *plan) balance() {
	if len(p.able) < 2 || p.counts.balanced() {
		return
	}
	d := newDeal(p.counts, p.extraCosts())
	d.even()
	p.move(d)
}

// extraCosts tells, for each sub-topology and member, what it costs that the member has one more than the floor: nothing
// if it has that many tasks that would have to move otherwise, else the move of one. Tasks that are not settled anywhere
// yet move for nothing. The small differences make it rather a move that is done at once, or one that has begun to warm up.
func (p *plan) extraCosts() [][]int {
	const move, atOnce, begun = 16, 4, 1
	settled, ready, in, out := newLoad(p.subs, len(p.able)), newLoad(p.subs, len(p.able)), newLoad(p.subs, len(p.able)), newLoad(p.subs, len(p.able))
	for _, j := range p.tasks {
		if j.at >= 0 && !j.loose {
			settled.add(j.sub, j.at, 1)
		}
	}
	floors := make([]int, p.subs)
	for sub, counts := range p.counts.bySub {
		floors[sub] = sum(counts) / len(counts)
	}
	for _, j := range p.tasks {
		if j.at < 0 || j.loose || settled.bySub[j.sub][j.at] <= floors[j.sub] {
			continue
		}
		warming := p.warming(j)
		for member, m := range p.able {
			if settled.bySub[j.sub][member] > floors[j.sub] {
				continue
			}
			if p.caughtUp(j, member) {
				ready.add(j.sub, member, 1)
			}
			if slices.Contains(warming, m.Instance) {
				in.add(j.sub, member, 1)
				out.add(j.sub, j.at, 1)
			}
		}
	}
	costs := make([][]int, p.subs)
	for sub, floor := range floors {
		costs[sub] = make([]int, len(p.able))
		for member, have := range settled.bySub[sub] {
			cost := &costs[sub][member]
			switch {
			case have > floor && have-out.bySub[sub][member] > floor:
			case have > floor:
				*cost = begun
			case have+ready.bySub[sub][member] > floor:
				*cost = move - atOnce
			case have+in.bySub[sub][member] > floor:
				*cost = move - begun
			default:
				*cost = move
			}
		}
	}
	return costs
}

// deal says which members have how many tasks of each sub-topology: the floor of the mean, and some of them one extra.
type deal struct {
	floor []int
	extra [][]bool // extra has, by sub-topology and member, who has one more than the floor.
	costs [][]int  // costs has what each extra would cost.
	total []int    // total has the number of extras by member.
}

// newDeal gives the extras of each sub-topology to the members where they cost least, without a thought for the totals
// except where costs are equal.
func newDeal(counts load, costs [][]int) *deal {
	d := &deal{costs: costs, total: make([]int, len(counts.total))}
	for sub, have := range counts.bySub {
		all := sum(have)
		extra := make([]bool, len(have))
		for range all % len(have) {
			best := -1
			for member := range have {
				if !extra[member] && (best < 0 || d.cheaper(sub, member, best)) {
					best = member
				}
			}
			extra[best] = true
			d.total[best]++
		}
		d.floor, d.extra = append(d.floor, all/len(have)), append(d.extra, extra)
	}
	return d
}

func (d *deal) cheaper(sub, a, b int) bool {
	if d.costs[sub][a] != d.costs[sub][b] {
		return d.costs[sub][a] < d.costs[sub][b]
	}
	return d.total[a] < d.total[b]
}

// want is how many tasks of a sub-topology a member should have.
func (d *deal) want(sub, member int) int {
	if d.extra[sub][member] {
		return d.floor[sub] + 1
	}
	return d.floor[sub]
}

func sum(counts []int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}
