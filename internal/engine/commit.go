package engine

import (
	"encoding/binary"
	"fmt"
	"maps"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
)

// Position is where a task stands in a source topic.
type Position struct {
	Topic     *graph.Topic
	Partition int32
	Next      int64 // the offset of the next record to process
}

// Positions are where the task stands, for each source topic of which it has been given a record, or a committed
// position.
func (t *Task) Positions() []Position {
	ps := make([]Position, 0, len(t.queues))
	for _, q := range t.queues {
		if q.next > 0 {
			ps = append(ps, Position{q.topic, q.partition, q.next})
		}
	}
	return ps
}

// SetPosition tells the task the committed position of a source topic.
func (t *Task) SetPosition(topic string, next int64) {
	if q := t.byTopic[topic]; q != nil {
		q.next, q.committed = next, next
	}
}

// Prepare forwards what waited for the commit and emits the changelog records. The driver then makes all effects and
// positions stand, and calls Commit; or Abort, after an error here or later.
func (t *Task) Prepare() error {
	t.ctx.Topic, t.ctx.Partition, t.ctx.Offset, t.ctx.Headers, t.ctx.Fault = "", 0, 0, nil, nil
	t.current = nil
	t.refresh()
	for _, f := range t.ctx.OnCommits {
		if err := t.cause(f.Call()); err != nil {
			return t.failedHeld(err)
		}
	}
	for _, s := range t.stores {
		log := func(_, _ []byte, _ int64) error { return nil }
		if !s.spec.NoLog {
			e := graph.Effect{Topic: s.spec.Changelog, Partition: t.cfg.Partition}
			log = func(key, value []byte, ts int64) error {
				e.Key, e.Value, e.Timestamp = key, value, max(0, ts)
				return t.emit(&e)
			}
		}
		if err := s.ts.Log(log); err != nil {
			return err
		}
	}
	return nil
}

// Commit writes the overlays into the DBs, with the changelog offset up to which each store is then current: offsets
// tells it by store; a store it does not name keeps its own.
func (t *Task) Commit(offsets map[*graph.Store]int64) error {
	for _, d := range []db.DB{t.cfg.Disk, t.cfg.Memory} {
		if d == nil {
			continue
		}
		b := d.Batch()
		if err := t.apply(b, d, offsets); err != nil {
			b.Discard()
			return fmt.Errorf("engine: %w", err)
		}
		if err := b.Commit(); err != nil {
			return fmt.Errorf("engine: %w", err)
		}
	}
	for _, q := range t.queues {
		q.committed = q.next
		maps.DeleteFunc(t.dropped[q.name], func(offset int64, _ *RecordError) bool { return offset < q.next })
	}
	maps.DeleteFunc(t.heldOut, func(_ string, re *RecordError) bool { return re.spent })
	t.save()
	return t.trim()
}

func (t *Task) apply(b db.Batch, d db.DB, offsets map[*graph.Store]int64) error {
	for _, s := range t.stores {
		if s.d != d {
			continue
		}
		if err := s.ts.Apply(b); err != nil {
			return err
		}
		if o, ok := offsets[s.spec]; ok && o != s.offset {
			s.offset = o
			if err := b.Set(offsetKey(s.spec.Name), binary.BigEndian.AppendUint64(nil, uint64(o))); err != nil {
				return err
			}
		}
	}
	return nil
}

// Abort takes the task back to its last commit. Its queues are empty then: the driver feeds it again from Positions.
func (t *Task) Abort() {
	t.Rewind()
	for _, q := range t.queues {
		clear(q.recs)
		q.recs, q.head, q.timed, q.next = q.recs[:0], 0, false, q.committed
	}
}

// Rewind takes stores and operators back to the last commit and leaves the queues as they are. It is for drivers that
// commit after each record; a record that Process failed on is at the head of its queue still.
func (t *Task) Rewind() {
	for _, s := range t.stores {
		s.ts.Abort()
	}
	for _, r := range t.globals { // a callback may have changed a value before it failed
		r.rows.Abort()
	}
	for i, x := range t.saved {
		*t.ctx.Vars[i].P = x
	}
	t.timers.rewind()
	for _, re := range t.heldOut {
		re.spent = false
	}
	for _, q := range t.queues {
		if q.timed {
			q.recs[q.head].Timestamp, q.timed = q.carried, false
		}
	}
	t.ctx.Fault, t.ctx.Held = nil, nil
}

func (t *Task) save() {
	t.saved = t.saved[:0]
	for _, v := range t.ctx.Vars {
		t.saved = append(t.saved, *v.P)
	}
	t.timers.save()
}
