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

func sum(counts []int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}
