package assign

import "cmp"

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
	for _, j := range open {
		if len(p.able) == 0 {
			continue
		}
		if j.at = p.successor(j); j.at < 0 {
			j.at, j.loose = p.leastBehind(j), true
		}
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

// leastBehind is the member that would run a task soonest.
func (p *plan) leastBehind(j *job) int {
	best := 0
	for member := range p.able {
		if cmp.Or(cmp.Compare(p.lag(j, member), p.lag(j, best)), p.counts.compare(j.sub, member, best)) < 0 {
			best = member
		}
	}
	return best
}
