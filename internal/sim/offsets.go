package sim

import (
	"fmt"

	"github.com/millrace-go/millrace/internal/transport"
)

// commit takes positions, which stand when their transaction does; at once if it has none.
func (g *group) commit(ps []transport.Position, tx *transaction) {
	for _, p := range ps {
		if tx == nil {
			g.move(p)
			continue
		}
		if g.pending[p.Partition] == nil {
			g.pending[p.Partition] = map[*transaction]transport.Position{}
		}
		g.pending[p.Partition][tx] = p
	}
	if tx != nil {
		tx.group = g
	}
}

// settle ends a transaction's positions.
func (g *group) settle(tx *transaction, commit bool) {
	for _, ps := range g.pending {
		p, ok := ps[tx]
		if !ok {
			continue
		}
		delete(ps, tx)
		if commit {
			g.move(p)
		}
	}
}

// move sets a committed position. Under exactly-once it never goes back: the same records would be processed twice.
func (g *group) move(p transport.Position) {
	if old := g.offsets[p.Partition].Offset; old > p.Offset && g.c.w.exactlyOnce {
		g.c.w.sched.fail(fmt.Errorf("the committed offset of %s/%d went back from %d to %d", p.Topic, p.Index, old, p.Offset))
	}
	g.offsets[p.Partition] = p
}

// settled says that no open transaction is about to change the positions.
func (g *group) settled(ps []transport.Partition) bool {
	for _, p := range ps {
		if len(g.pending[p]) > 0 {
			return false
		}
	}
	return true
}

// committed returns positions.
func (g *group) committed(ps []transport.Partition) []transport.Position {
	list := make([]transport.Position, len(ps))
	for i, p := range ps {
		var ok bool
		if list[i], ok = g.offsets[p]; !ok {
			list[i] = transport.Position{Partition: p, Offset: transport.None}
		}
	}
	return list
}
