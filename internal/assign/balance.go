package assign

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
	settled := p.settledLoad()
	best := newDeal(p.counts, p.extraCosts(settled))
	best.even()
	// Warm-ups that have begun go on if that is as cheap in the end.
	if begun, some := p.begunLoad(settled); some {
		d := newDeal(p.counts, p.extraCosts(begun))
		if d.even(); best.price(d) <= best.price(best) {
			best = d
		}
	}
	p.move(best)
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

// price is what another deal would cost here.
func (d *deal) price(other *deal) int {
	price := 0
	for sub, extra := range other.extra {
		for member, has := range extra {
			if has {
				price += d.costs[sub][member]
			}
		}
	}
	return price
}

// want is how many tasks of a sub-topology a member should have.
func (d *deal) want(sub, member int) int {
	if d.extra[sub][member] {
		return d.floor[sub] + 1
	}
	return d.floor[sub]
}
