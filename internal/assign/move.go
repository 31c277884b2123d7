package assign

import (
	"cmp"
	"slices"
)

// transfer is a task that could go from the member that has too many to one that has too few.
type transfer struct {
	job    *job
	to     int
	ease   ease
	listed bool // listed says that the receiver keeps a copy already.
	lag    int64
}

// ease orders transfers by what they interrupt.
type ease int

const (
	free   ease = iota // free: no member has been told to run the task, so that it may run here as well as there.
	atOnce             // atOnce: the receiver can run it as soon as the holder has let go.
	warmed             // warmed: the receiver has to catch up first, while the holder goes on.
)

func (a transfer) compare(b transfer) int {
	unlisted := func(t transfer) int {
		if t.listed {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.ease, b.ease), cmp.Compare(unlisted(a), unlisted(b)), cmp.Compare(a.lag, b.lag),
		cmp.Compare(a.job.Slot, b.job.Slot), cmp.Compare(a.to, b.to))
}

// move chooses the tasks that make the loads what the deal wants, the easiest to move first, and moves those that can.
func (p *plan) move(d *deal) {
	for sub := range d.floor {
		for _, t := range p.transfers(d, sub) {
			if t.ease == warmed {
				p.slow = append(p.slow, t)
				t.job.warm = p.able[t.to].Instance
				continue
			}
			p.counts.add(sub, t.job.at, -1)
			p.counts.add(sub, t.to, 1)
			if t.job.stage == kept {
				t.job.grant, t.job.stage = p.taken(t.job.grant), parted
			}
			t.job.at = t.to
		}
	}
	slices.SortFunc(p.slow, transfer.compare)
}

// transfers gives the moves that a sub-topology needs.
func (p *plan) transfers(d *deal, sub int) []transfer {
	surplus := make([]int, len(p.able))
	var receivers []int
	for member, n := range p.counts.bySub[sub] {
		if surplus[member] = n - d.want(sub, member); surplus[member] < 0 {
			receivers = append(receivers, member)
		}
	}
	if len(receivers) == 0 {
		return nil
	}
	var possible []transfer
	for _, j := range p.tasks {
		if j.sub != sub || j.at < 0 || surplus[j.at] <= 0 {
			continue
		}
		for _, to := range receivers {
			possible = append(possible, p.transfer(j, to))
		}
	}
	slices.SortFunc(possible, transfer.compare)
	moved := map[int32]bool{}
	return slices.DeleteFunc(possible, func(t transfer) bool {
		if moved[t.job.Slot] || surplus[t.job.at] <= 0 || surplus[t.to] >= 0 {
			return true
		}
		moved[t.job.Slot] = true
		surplus[t.job.at]--
		surplus[t.to]++
		return false
	})
}

func (p *plan) transfer(j *job, to int) transfer {
	t := transfer{job: j, to: to, lag: p.lag(j, to), listed: slices.Contains(p.prev.Standbys[j.Slot], p.able[to].Instance)}
	switch {
	case j.loose:
		t.ease = free
	case !p.caughtUp(j, to):
		t.ease = warmed
	case j.stage == kept:
		t.ease = atOnce
	}
	return t
}
