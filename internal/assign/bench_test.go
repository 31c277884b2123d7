package assign

import (
	"fmt"
	"testing"
)

// BenchmarkNext measures a thousand tasks on fifty members: a group at rest, one that gets a member more, and one that
// has just started.
func BenchmarkNext(b *testing.B) {
	cfg := Config{Standbys: 1}
	rest, g := crowd(50)
	grown, _ := crowd(50)
	_, more := crowd(51)
	for _, bc := range []struct {
		name string
		prev Assignment
		g    Group
	}{{"rest", rest, g}, {"grown", grown, more}, {"doubled", grown, group(100)}, {"started", Assignment{}, group(50)}} {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Next(bc.prev, bc.g, cfg)
			}
		})
	}
}

// group has a thousand tasks of ten sub-topologies, half of them stateful.
func group(members int) Group {
	g := Group{Present: map[string]string{}}
	for slot := range int32(1000) {
		g.Tasks = append(g.Tasks, Task{Slot: slot, Sub: int(slot % 10), Stateful: slot%2 == 0, Size: 1_000_000 * int64(1-slot%2)})
	}
	for i := range members {
		m := Member{ID: fmt.Sprintf("id-%03d", i), Instance: fmt.Sprintf("instance-%03d", i), Lag: map[int32]int64{}}
		g.Members = append(g.Members, m)
		g.Present[m.ID] = m.Instance
	}
	return g
}

// crowd is a group at rest, and the assignment that it rests on.
func crowd(members int) (Assignment, Group) {
	g := group(members)
	var a Assignment
	for changed := true; changed; {
		a, changed = Next(a, g, Config{Standbys: 1})
		for i := range g.Members {
			m := &g.Members[i]
			m.Acked, m.Held = a.Version, nil
			for slot, grant := range a.Grants {
				if grant.Member == m.ID {
					m.Held = append(m.Held, slot)
				}
			}
		}
	}
	return a, g
}
