package assign

import (
	"math"
	"slices"
)

// even passes extras on, from members that have the most to members that have the fewest, until their numbers differ by
// one at most. It is successive shortest paths on a flow of extras: each path passes extras from member to member at the
// least cost in all, so the deal stays the cheapest for the totals that it has. In the end it also passes on what is
// cheaper elsewhere.
func (d *deal) even() {
	for {
		difference := slices.Max(d.total) - slices.Min(d.total)
		if difference == 0 {
			return
		}
		path, cost := d.cheapestPath()
		if difference == 1 && cost >= 0 {
			return
		}
		for _, s := range path {
			d.extra[s.sub][s.from], d.extra[s.sub][s.to] = false, true
			d.total[s.from]--
			d.total[s.to]++
		}
	}
}

// step passes an extra of a sub-topology from one member to another.
type step struct{ sub, from, to int }

// cheapestPath finds the way to pass an extra from a member that has the most to one that has the fewest. There always is
// one if these differ by two: the first has an extra of a sub-topology that the second has not.
func (d *deal) cheapestPath() (path []step, least int) {
	n := len(d.total)
	most, fewest := slices.Max(d.total), slices.Min(d.total)
	edges := d.edges()
	cost, via := make([]int, n), make([]step, n)
	for member := range n {
		via[member].from = -1
		if d.total[member] != most {
			cost[member] = math.MaxInt
		}
	}
	// Bellman and Ford: a step may cost less than nothing once extras have been passed on. A cycle never does, for the deal
	// is the cheapest for its totals.
	for range n {
		changed := false
		for u := range n {
			if cost[u] == math.MaxInt {
				continue
			}
			for v := range n {
				if e := edges[u*n+v]; e.sub >= 0 && cost[u]+e.cost < cost[v] {
					cost[v], via[v] = cost[u]+e.cost, step{sub: e.sub, from: u, to: v}
					changed = true
				}
			}
		}
		if !changed {
			break
		}
	}
	to := -1
	for member := range n {
		if d.total[member] == fewest && (to < 0 || cost[member] < cost[to]) {
			to = member
		}
	}
	for at := to; via[at].from >= 0 && len(path) < n; at = via[at].from {
		path = append(path, via[at])
	}
	return path, cost[to]
}

// edge is the cheapest step from one member to another; sub is -1 if there is none.
type edge struct{ sub, cost int }

func (d *deal) edges() []edge {
	n := len(d.total)
	edges := make([]edge, n*n)
	for i := range edges {
		edges[i].sub = -1
	}
	for sub, extra := range d.extra {
		for u := range n {
			if !extra[u] {
				continue
			}
			for v := range n {
				e, cost := &edges[u*n+v], d.costs[sub][v]-d.costs[sub][u]
				if !extra[v] && (e.sub < 0 || cost < e.cost) {
					*e = edge{sub: sub, cost: cost}
				}
			}
		}
	}
	return edges
}
