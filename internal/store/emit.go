package store

import (
	"fmt"

	"github.com/millrace-go/millrace/internal/graph"
)

// turn is a write of a row, with the headers of the record that made it.
type turn[V any] struct {
	e       *Entry[V]
	headers []graph.Header
}

// take makes e the row that was written last.
func (s *core[V]) take(e *Entry[V]) {
	last := len(s.turns) - 1
	if last < 0 || s.turns[last].e != e {
		last++
		s.turns = append(s.turns, turn[V]{e: e})
	}
	e.turn, s.turns[last].headers = last, s.ctx.Headers
}

// KeepOld makes Changed tell old values too.
func (s *core[V]) KeepOld() { s.keepOld = true }

// Changed calls f for each row written since the last commit, in the order of their last writes: the row now, and as it
// was when Changed last told of it. Rows that came and went unseen are left out. The task's headers are then those of the
// record that wrote the row last. It is for stores that emit on commit.
func (s *core[V]) Changed(f func(e *Entry[V], old V, hadOld bool) error) error {
	for i := range s.turns {
		e := s.turns[i].e
		if e.turn != i || !e.untold || !e.has && !e.oldHas {
			continue
		}
		var old V
		if s.keepOld && e.oldHas {
			var err error
			if old, err = s.value.Decode(e.oldRow[8:]); err != nil {
				return s.damaged(fmt.Errorf("the last row of key %q does not decode: %w", e.key, err))
			}
		}
		had := e.oldHas
		e.oldRow, e.untold = nil, false
		s.ctx.Headers = s.turns[i].headers
		if err := f(e, old, had); err != nil {
			return err
		}
	}
	clear(s.turns)
	s.turns = s.turns[:0]
	return nil
}
