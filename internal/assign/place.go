package assign

import (
	"cmp"
	"slices"
)

// load counts the tasks of each member of able.
type load struct {
	bySub [][]int // bySub has the counts by sub-topology and member.
	total []int   // total has the counts by member.
}

func newLoad(subs, members int) load {
	l := load{bySub: make([][]int, subs), total: make([]int, members)}
	for sub := range l.bySub {
		l.bySub[sub] = make([]int, members)
	}
	return l
}

func (l load) clone() load {
	c := load{total: slices.Clone(l.total)}
	for _, counts := range l.bySub {
		c.bySub = append(c.bySub, slices.Clone(counts))
	}
	return c
}

func (l load) add(sub, member, n int) {
	l.bySub[sub][member] += n
	l.total[member] += n
}

// compare orders members by what they have of a sub-topology, then by what they have in all.
func (l load) compare(sub, a, b int) int {
	return cmp.Or(cmp.Compare(l.bySub[sub][a], l.bySub[sub][b]), cmp.Compare(l.total[a], l.total[b]))
}

// balanced says whether no member has two more than another, of any sub-topology and in all.
func (l load) balanced() bool {
	for _, counts := range l.bySub {
		if slices.Max(counts)-slices.Min(counts) > 1 {
			return false
		}
	}
	return slices.Max(l.total)-slices.Min(l.total) <= 1
}

// place finds a member for each task that nobody runs. It must run somewhere at once: whether that is also the best place
// for it is balance's question.
func (p *plan) place() {
	var open []*job
	for _, j := range p.tasks {
		switch {
		case j.stage != parted && j.stage != pending, p.goOn(j), p.goHome(j):
		default:
			open = append(open, j)
		}
	}
	due := make([]int, p.subs) // tasks to place, by sub-topology
	for _, j := range open {
		due[j.sub]++
	}
	for _, j := range open {
		if len(p.able) == 0 {
			continue
		}
		if j.at = p.successor(j); j.at < 0 {
			j.at, j.loose = p.leastBehind(j, due[j.sub]), true
		}
		due[j.sub]--
		p.counts.add(j.sub, j.at, 1)
	}
}

// goOn keeps the aim of a task that is on its way, so that one plan does not undo what another has begun.
func (p *plan) goOn(j *job) bool {
	if j.grant.To == "" {
		return false
	}
	member := p.indexOf(j.grant.To)
	if member < 0 || !p.caughtUp(j, member) {
		return false
	}
	j.at = member
	p.counts.add(j.sub, member, 1)
	return true
}

// goHome gives a free task back to the instance that had it last, whose state it has, or waits for that instance if it is
// in the group and has not announced itself yet. One that was taken away on purpose does not go back.
func (p *plan) goHome(j *job) bool {
	if j.stage != pending || j.grant.Instance == "" || j.grant.From != "" {
		return false
	}
	for member, m := range p.able {
		if m.Instance == j.grant.Instance && (j.at < 0 || p.counts.compare(j.sub, member, j.at) < 0) {
			j.at = member
		}
	}
	if j.at >= 0 {
		p.counts.add(j.sub, j.at, 1)
		return true
	}
	if p.restarting[j.grant.Instance] {
		j.stage = awaited
		return true
	}
	return false
}

// successor is the least loaded of the members that are caught up with a stateful task, or -1.
func (p *plan) successor(j *job) int {
	best := -1
	if !j.Stateful {
		return best
	}
	for member := range p.able {
		if p.caughtUp(j, member) && (best < 0 || p.counts.compare(j.sub, member, best) < 0) {
			best = member
		}
	}
	return best
}

// leastBehind is the member that would run a task soonest, of those that would have no more than their share of its
// sub-topology, of which due tasks are still to be placed.
func (p *plan) leastBehind(j *job, due int) int {
	counts, all := p.counts.bySub[j.sub], due
	for _, n := range counts {
		all += n
	}
	floor, rest := all/len(counts), all%len(counts)
	for _, n := range counts {
		if n > floor {
			rest-- // rest members may have one more than the floor
		}
	}
	best, bestFits := 0, false
	for member, n := range counts {
		fits := n < floor || n == floor && rest > 0
		if member == 0 || fits && !bestFits {
			best, bestFits = member, fits
			continue
		}
		if fits == bestFits && cmp.Or(cmp.Compare(p.lag(j, member), p.lag(j, best)), p.counts.compare(j.sub, member, best)) < 0 {
			best = member
		}
	}
	return best
}
