package store

import (
	"encoding/binary"

	"github.com/millrace-go/millrace/internal/graph"
)

// turn is a write of a row, with what is told of the record that made it.
type turn struct {
	e         *entry
	headers   []graph.Header
	topic     string
	partition int32
	offset    int64
}

// take makes e the row that was written last.
func (s *core) take(e *entry) {
	if last := len(s.turns) - 1; last >= 0 && s.turns[last].e == e { // records of one key often come in a row
		x := &s.turns[last]
		x.headers, x.partition, x.offset = s.ctx.Headers, s.ctx.Partition, s.ctx.Offset
		if x.topic != s.ctx.Topic {
			x.topic = s.ctx.Topic
		}
		return
	}
	e.turn = len(s.turns)
	s.turns = append(s.turns, turn{e, s.ctx.Headers, s.ctx.Topic, s.ctx.Partition, s.ctx.Offset})
}

// changed calls f for each row written since the last commit; oldRow is nil unless there was one and it was kept.
func (s *core) changed(f func(e *entry, oldRow []byte, hadOld bool) error) error {
	for i := range s.turns {
		e := s.turns[i].e
		if e.turn != i || !e.untold || !e.has && !e.oldHas {
			continue
		}
		var old []byte
		if s.keepOld && e.oldHas {
			old = e.oldRow
		}
		e.oldRow, e.untold = nil, false
		x := &s.turns[i]
		s.ctx.Headers, s.ctx.Topic, s.ctx.Partition, s.ctx.Offset = x.headers, x.topic, x.partition, x.offset
		if err := f(e, old, e.oldHas); err != nil {
			return err
		}
	}
	clear(s.turns)
	s.turns = s.turns[:0]
	return nil
}

// Changed calls f for each row written since the last commit, in the order of their last writes: the row now, and as it
// was when Changed last told of it. Rows that came and went unseen are left out. The task's headers, topic and offset are then
// those of the record that wrote the row last. It is for stores that emit on commit. (Inlined, its closure would be compiled at each call.)
//
//go:noinline
func (s *cells[V]) Changed(f func(e *Entry[V], old V, hadOld bool) error) error {
	return s.over.changed(func(e *entry, oldRow []byte, hadOld bool) error {
		var old V
		if oldRow != nil {
			var err error
			if old, err = s.value.Decode(oldRow[8:]); err != nil {
				return s.over.badRow(e, "last row", err)
			}
		}
		return f(typed[V](e), old, hadOld)
	})
}

// Told is the row as Changed last told of it. Until a commit has told of a write, others see the row as it was. KeepOld must
// have been called before the row was first written.
func (s *cells[V]) Told(e *Entry[V]) (v V, ts int64, has bool, err error) {
	switch {
	case !e.untold:
		v, err = s.Value(e)
		return v, e.ts, e.has, err
	case !e.oldHas || len(e.oldRow) < 8: // what could not be encoded fails the commit
		return v, 0, false, nil
	}
	if v, err = s.value.Decode(e.oldRow[8:]); err != nil {
		return v, 0, false, s.over.badRow(&e.entry, "last row", err)
	}
	return v, int64(binary.BigEndian.Uint64(e.oldRow)), true, nil
}
