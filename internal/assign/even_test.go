package assign

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestDealIsTheCheapest compares the deal of the extras of small groups with all that are possible.
func TestDealIsTheCheapest(t *testing.T) {
	t.Parallel()
	property(t, func(t *testing.T, rng *rand.Rand) {
		for range 20 {
			subs, members := 1+rng.IntN(4), 2+rng.IntN(3)
			counts := newLoad(subs, members)
			costs := make([][]int, subs)
			for sub := range subs {
				for member := range members {
					counts.add(sub, member, rng.IntN(4))
					costs[sub] = append(costs[sub], rng.IntN(6))
				}
			}
			d := newDeal(counts, costs)
			d.even()
			got := 0
			final := newLoad(subs, members)
			for sub := range subs {
				for member := range members {
					final.add(sub, member, d.want(sub, member))
					if d.extra[sub][member] {
						got += costs[sub][member]
					}
				}
				if sum(final.bySub[sub]) != sum(counts.bySub[sub]) {
					t.Fatalf("a deal of %v for %v", final.bySub[sub], counts.bySub[sub])
				}
			}
			if !final.balanced() {
				t.Fatalf("%v is dealt as %v", counts, final)
			}
			if want := cheapest(counts, costs); got != want {
				t.Fatalf("a deal of %v at the costs %v costs %d, not %d: %v", counts, costs, got, want, d.extra)
			}
		}
	})
}

// cheapest tries every deal of the extras that gives balance.
func cheapest(counts load, costs [][]int) int {
	subs, members := len(counts.bySub), len(counts.total)
	best := math.MaxInt
	extras := make([]int, members)
	var deal func(sub, cost int)
	deal = func(sub, cost int) {
		if sub == subs {
			most, fewest := 0, subs
			for _, n := range extras {
				most, fewest = max(most, n), min(fewest, n)
			}
			if most-fewest <= 1 {
				best = min(best, cost)
			}
			return
		}
		rest := sum(counts.bySub[sub]) % members
		for set := range 1 << members {
			n, c := 0, cost
			for member := range members {
				if set>>member&1 == 1 {
					n, c = n+1, c+costs[sub][member]
				}
			}
			if n != rest {
				continue
			}
			for member := range members {
				extras[member] += set >> member & 1
			}
			deal(sub+1, c)
			for member := range members {
				extras[member] -= set >> member & 1
			}
		}
	}
	deal(0, 0)
	return best
}
