package assign

import (
	"cmp"
	"maps"
	"slices"
)

// swap is a standby that could go from an instance with many to one with few.
type swap struct {
	job      *job
	from, to string
	ready    bool // ready says that the new one is caught up, or that the old one has not begun to read either.
	listed   bool // listed says that it has begun to read.
	lag      int64
}

func (a swap) compare(b swap) int {
	rank := func(s swap) int {
		switch {
		case s.ready:
			return 0
		case s.listed:
			return 1
		}
		return 2
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.lag, b.lag), cmp.Compare(a.job.Slot, b.job.Slot),
		cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
}

// spread evens out how many standbys the instances keep, as long as one has two more than another, say a new one that has
// none. The old copy goes when the new one is caught up: until then the new one counts as a warm-up, of which left may
// still start. Tasks come first: while some move, or wait to, standbys stay.
func (p *plan) spread(keepers map[string]int, loads map[string]int, left int) {
	if len(p.slow) > 0 || slices.ContainsFunc(p.tasks, func(j *job) bool { return j.stage == parted }) {
		return
	}
	for _, s := range p.swaps(keepers, loads) {
		copies := s.job.copy
		if loads[s.from]-loads[s.to] < 2 || !slices.Contains(copies, s.from) || slices.Contains(copies, s.to) || !s.ready && len(copies) > p.cfg.Standbys {
			continue
		}
		switch {
		case s.ready:
			s.job.copy = append(slices.DeleteFunc(copies, func(instance string) bool { return instance == s.from }), s.to)
		case left > 0:
			s.job.copy = append(s.job.copy, s.to)
			left--
		default:
			return // those that are ready came first
		}
		loads[s.from]--
		loads[s.to]++
	}
}

// swaps gives those that would make loads more even, the easiest first.
func (p *plan) swaps(keepers map[string]int, loads map[string]int) []swap {
	most, fewest := 0, len(p.tasks)
	for instance := range keepers {
		most, fewest = max(most, loads[instance]), min(fewest, loads[instance])
	}
	if p.cfg.Standbys == 0 || most-fewest < 2 {
		return nil
	}
	var receivers []string
	for _, instance := range slices.Sorted(maps.Keys(keepers)) {
		if loads[instance] <= most-2 {
			receivers = append(receivers, instance)
		}
	}
	var swaps []swap
	for _, j := range p.tasks {
		for _, from := range j.copy {
			for _, to := range receivers {
				if loads[from]-loads[to] < 2 || to == p.owner(j) || slices.Contains(j.copy, to) {
					continue
				}
				swaps = append(swaps, p.swap(j, from, to, keepers))
			}
		}
	}
	slices.SortFunc(swaps, swap.compare)
	return swaps
}

func (p *plan) swap(j *job, from, to string, keepers map[string]int) swap {
	listed := p.prev.Standbys[j.Slot]
	s := swap{job: j, from: from, to: to, listed: slices.Contains(listed, to), lag: p.lag(j, keepers[to])}
	member, able := keepers[from]
	s.ready = p.caughtUp(j, keepers[to]) || able && !slices.Contains(listed, from) && !p.caughtUp(j, member)
	return s
}
