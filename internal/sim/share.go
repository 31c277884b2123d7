package sim

import (
	"math/rand/v2"
	"slices"
)

// share is the cooperative-sticky assignor: each member keeps what it has as far as that is fair, and what nobody has goes
// to those with the least. What a member has to let go is nobody's in this generation, and given out in the next.
func share(rnd *rand.Rand, partitions int32, members []*joined) {
	if len(members) == 0 {
		return
	}
	owner := owners(partitions, members)
	quota, more := int(partitions)/len(members), int(partitions)%len(members)
	count := map[*joined]int{}
	for _, j := range owner {
		if j != nil {
			count[j]++
		}
	}
	// Those with the most may have one more than the quota: so the least has to move.
	order := slices.Clone(members)
	rnd.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
	slices.SortStableFunc(order, func(a, b *joined) int { return count[b] - count[a] })
	limit := map[*joined]int{}
	for i, j := range order {
		limit[j] = quota
		if i < more {
			limit[j]++
		}
		j.assigned = nil
	}
	moving := map[int32]bool{}
	for _, at := range rnd.Perm(int(partitions)) {
		p := int32(at)
		switch j := owner[p]; {
		case j == nil:
		case len(j.assigned) < limit[j]:
			j.assigned = append(j.assigned, p)
		default:
			moving[p] = true
		}
	}
	for p := range partitions {
		if owner[p] != nil || moving[p] {
			continue
		}
		j := slices.MinFunc(order, func(a, b *joined) int { return len(a.assigned) - limit[a] - (len(b.assigned) - limit[b]) })
		j.assigned = append(j.assigned, p)
	}
	for _, j := range members {
		slices.Sort(j.assigned)
	}
}

// owners tells who has what. Of two who claim a partition, the one of the later generation does.
func owners(partitions int32, members []*joined) []*joined {
	owner := make([]*joined, partitions)
	for _, j := range members {
		for _, p := range j.claims.partitions {
			if p < partitions && (owner[p] == nil || owner[p].claims.generation < j.claims.generation) {
				owner[p] = j
			}
		}
	}
	return owner
}
