package assign

import (
	"cmp"
	"slices"
)

// copies decides who keeps copies of the stateful tasks: the standbys of the last assignment as far as they are still
// there, new ones for those that are not, and after them who warms up.
func (p *plan) copies() {
	keepers := p.keepers()
	loads := map[string]int{} // copies by instance
	wanted := 0
	for _, j := range p.tasks {
		if !j.Stateful {
			continue
		}
		for _, instance := range p.prev.Standbys[j.Slot] {
			// An instance that restarts comes back to its copies.
			if _, able := keepers[instance]; instance == p.owner(j) || !able && !p.restarting[instance] {
				continue
			}
			// Who warmed up for a task on its way is needed until the task is granted.
			if len(j.copy) < p.cfg.Standbys || j.stage == parted {
				j.copy = append(j.copy, instance)
				loads[instance]++
			}
		}
		wanted += p.cfg.Standbys
	}
	if len(keepers) == 0 {
		return
	}
	share := (wanted + len(keepers) - 1) / len(keepers)
	for _, j := range p.tasks {
		for j.Stateful && len(j.copy) < p.cfg.Standbys {
			instance := p.keeper(j, keepers, loads, share)
			if instance == "" {
				break
			}
			j.copy = append(j.copy, instance)
			loads[instance]++
		}
	}
	p.spread(keepers, loads, p.warmUp())
}

// warmUp starts as many warm-ups as may run at one time, those that have begun first. A receiver that is a standby anyway
// needs none: it catches up by itself. It gives how many more may start.
func (p *plan) warmUp() (left int) {
	left = p.cfg.MaxWarmups
	for _, j := range p.tasks {
		if len(j.copy) > p.cfg.Standbys {
			left--
		}
	}
	for _, t := range p.slow {
		if instance := p.able[t.to].Instance; left > 0 && t.job.stage != parted && !slices.Contains(t.job.copy, instance) {
			t.job.copy = append(t.job.copy, instance)
			left--
		}
	}
	return left
}

// keepers gives the instances that may keep copies, each with one of its members.
func (p *plan) keepers() map[string]int {
	keepers := map[string]int{}
	for member, m := range p.able {
		if _, ok := keepers[m.Instance]; !ok {
			keepers[m.Instance] = member
		}
	}
	return keepers
}

// owner is the instance that has a task, or had it last: its state is no copy.
func (p *plan) owner(j *job) string {
	if j.stage == pending && j.at >= 0 {
		return p.able[j.at].Instance
	}
	return j.grant.Instance
}

// keeper chooses who keeps one more copy of a task: who is about to take it over, else, of those with less than their
// share, who has to read least.
func (p *plan) keeper(j *job, keepers map[string]int, loads map[string]int, share int) string {
	best := ""
	compare := func(a, b string) int {
		full := func(instance string) int {
			switch {
			case instance == j.warm:
				return -1
			case loads[instance] < share:
				return 0
			}
			return 1 + loads[instance]
		}
		return cmp.Or(cmp.Compare(full(a), full(b)), cmp.Compare(p.lag(j, keepers[a]), p.lag(j, keepers[b])),
			cmp.Compare(loads[a], loads[b]), cmp.Compare(a, b))
	}
	for instance := range keepers {
		if instance != p.owner(j) && !slices.Contains(j.copy, instance) && (best == "" || compare(instance, best) < 0) {
			best = instance
		}
	}
	return best
}
