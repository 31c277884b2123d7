package engine

import (
	"errors"

	"github.com/millrace-go/millrace/internal/graph"
)

// queue holds the records of one source partition that wait.
type queue struct {
	topic     *graph.Topic
	name      string // the topic's full name without the application's prefix
	partition int32
	source    graph.Source
	recs      []graph.Raw
	head      int
	timed     bool  // recs[head] has its timestamp
	carried   int64 // the timestamp that recs[head] came with, once it is timed
	before    int64 // time as it was before recs[head]
	time      int64 // the highest timestamp of the partition, -1 at first
	next      int64 // the offset after the last one processed; 0: none yet
	committed int64
	more      bool // the topic holds records that have not been added yet
}

// Add queues records of a source topic, in offset order. topic is its full name without the application's prefix (see
// graph.Topic.FullName with ""). Bytes must not be changed afterwards.
func (t *Task) Add(topic string, recs ...graph.Raw) {
	q := t.byTopic[topic]
	if q == nil {
		return
	}
	if q.head == len(q.recs) || q.head > 1000 && q.head > len(q.recs)/2 {
		n := copy(q.recs, q.recs[q.head:])
		clear(q.recs[n:])
		q.recs, q.head = q.recs[:n], 0
	}
	q.recs = append(q.recs, recs...)
}

// Buffered is how many records of a topic wait.
func (t *Task) Buffered(topic string) int {
	if q := t.byTopic[topic]; q != nil {
		return len(q.recs) - q.head
	}
	return 0
}

// Expect says whether a topic has records that are yet to be added. While one has and none of its records wait, Process
// takes nothing: the next record in order may be among those. (Kafka Streams' max.task.idle.ms = 0 does the same.)
func (t *Task) Expect(topic string, more bool) {
	if q := t.byTopic[topic]; q != nil {
		q.more = more
	}
}

// Process takes up to limit waiting records, least timestamp first over the task's partitions, and returns how many it
// took. After an error the task must be aborted.
func (t *Task) Process(limit int) (int, error) {
	n := 0
	for n < limit {
		q, err := t.pick()
		if err != nil {
			return n, err
		}
		if q == nil {
			return n, nil
		}
		r := &q.recs[q.head]
		if err := t.one(q, r); err != nil {
			return n, err
		}
		q.head++
		q.timed = false
		q.next = r.Offset + 1
		n++
	}
	return n, nil
}

// pick returns the queue whose head is the oldest; ties go to the source that was drawn first.
func (t *Task) pick() (*queue, error) {
	var best *queue
	for _, q := range t.queues {
		for q.head < len(q.recs) && !q.timed {
			ok, err := t.stamp(q)
			if err != nil {
				return nil, err
			}
			if !ok { // dropped
				q.next = q.recs[q.head].Offset + 1
				q.head++
				t.counters.Processed++
			}
		}
		if q.head == len(q.recs) && q.more {
			return nil, nil
		}
		if q.head < len(q.recs) && (best == nil || q.recs[q.head].Timestamp < best.recs[best.head].Timestamp) {
			best = q
		}
	}
	return best, nil
}

// stamp works out the timestamp of a queue's head; ok false drops it.
func (t *Task) stamp(q *queue) (ok bool, err error) {
	r := &q.recs[q.head]
	if q.source.Time == nil && r.Timestamp >= 0 && len(t.dropped) == 0 { // as most are: nothing can go wrong
		q.carried, q.before, q.time, q.timed = r.Timestamp, q.time, max(q.time, r.Timestamp), true
		return true, nil
	}
	t.at(q, r)
	if len(t.dropped) > 0 {
		if failed := t.dropped[q.name][r.Offset]; failed != nil {
			return false, t.leaveOut(failed)
		}
	}
	q.carried, q.before = r.Timestamp, q.time
	if q.source.Time != nil {
		ts, err := q.source.Time(r, q.time)
		if err != nil {
			return false, t.failed(q, r, err)
		}
		r.Timestamp = ts
	}
	if r.Timestamp < 0 {
		t.skip(nil, "negative timestamp")
		return false, nil
	}
	q.time = max(q.time, r.Timestamp)
	q.timed = true
	return true, nil
}

func (t *Task) at(q *queue, r *graph.Raw) {
	t.ctx.Topic, t.ctx.Partition, t.ctx.Offset, t.ctx.Headers = q.name, r.Partition, r.Offset, r.Headers
	t.ctx.Mutated, t.emitted, t.ctx.Fault, t.ctx.Held = false, false, nil, nil
	t.current = r
}

// cause is err, or what failed beneath the operators, which a callback may have swallowed or taken for its own failure.
func (t *Task) cause(err error) error {
	if t.ctx.Fault != nil {
		return t.ctx.Fault
	}
	return err
}

func (t *Task) one(q *queue, r *graph.Raw) error {
	t.at(q, r)
	t.refresh()
	before := t.ctx.StreamTime
	t.ctx.StreamTime = max(before, r.Timestamp)
	if err := t.cause(q.source.Process(r)); err != nil {
		if err := t.failed(q, r, err); err != nil {
			return err
		}
		t.ctx.StreamTime, q.time = before, q.before // nothing of it remains
	}
	t.counters.Processed++
	return t.failedHeld(t.punctuate(graph.StreamClock, t.ctx.StreamTime))
}

// failed asks the error policy about a record; nil means that it has been dropped.
func (t *Task) failed(q *queue, r *graph.Raw, err error) error {
	re := recordError(q, r, err)
	policy := t.cfg.OnProcess
	if re.Node == nil {
		if _, ok := errors.AsType[*graph.DecodeError](err); !ok {
			return re // a store, the driver: no fault of the record's
		}
		policy = t.cfg.OnDecode
	}
	if h, ok := errors.AsType[*graph.HeldError](err); ok {
		t.blame(re, &h.Held)
	}
	switch verdict := t.ask(policy, re); {
	case verdict == Fail:
		return re
	case verdict == Again:
		return &RetryError{re}
	case t.ctx.Mutated || t.emitted:
		return &ReplayError{re}
	default:
		return t.leaveOut(re)
	}
}

// Tick tells the task the time of day, in milliseconds, and runs what is due. After an error it must be aborted.
func (t *Task) Tick(wall int64) error {
	t.ctx.WallTime, t.current = wall, nil
	t.refresh()
	return t.failedHeld(t.punctuate(graph.WallClock, wall))
}
