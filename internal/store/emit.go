package store

import "fmt"

// KeepOld makes Changed tell old values too.
func (s *core[V]) KeepOld() { s.keepOld = true }

// Changed calls f for each row written since the last commit, in the order of their last writes: the row now, and as it
// was when Changed last told of it. Rows that came and went unseen are left out. It is for stores that emit on commit.
func (s *core[V]) Changed(f func(e *Entry[V], old V, hadOld bool) error) error {
	for i, e := range s.turns {
		if e.turn != i || !e.untold || !e.has && !e.oldHas {
			continue
		}
		var old V
		if s.keepOld && e.oldHas {
			var err error
			if old, err = s.value.Decode(e.oldRow[8:]); err != nil {
				return fmt.Errorf("store %s: the last row of key %q does not decode: %w", s.name, e.key, err)
			}
		}
		had := e.oldHas
		e.oldRow, e.untold = nil, false
		if err := f(e, old, had); err != nil {
			return err
		}
	}
	clear(s.turns)
	s.turns = s.turns[:0]
	return nil
}
