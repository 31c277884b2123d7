package task

import (
	"bytes"
	"fmt"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
)

// event is what happens to the operator: a record that asks, or a message of a worker's.
type event struct {
	what    kindOfEvent
	key     []byte // of asked; nil: null
	body    []byte // the request's body, nil: null; or the worker's message
	time    int64
	headers []graph.Header
}

type kindOfEvent uint8

const (
	asked kindOfEvent = iota
	answered
)

// outcome is what comes of an event or of time: each sink and the results' node take their kind.
type outcome[Out any] struct {
	what   kindOfOutcome
	id     string
	p      *pending
	reason Reason // of givenUp
	value  Out    // of done
	raw    []byte // its bytes
	null   bool
}

type kindOfOutcome uint8

const (
	requested kindOfOutcome = iota
	givenUp
	done
)

const (
	// tick is how often due times are looked at, in milliseconds.
	tick = 100
	// atOnce bounds what one look handles, so that a flood of time-outs does not hold up the records; the next look goes on.
	atOnce = 1000
	// maxStarts is how often an attempt may begin. Each worker that dies lets another begin it again, so without a bound a
	// request that kills its workers would kill all of them, for ever.
	maxStarts = 10
)

// machine is the operator in one task: what is pending, and what becomes of it. It works on bytes; only a result's body is
// decoded, to know that it can be.
type machine[Out any] struct {
	ctx    *graph.Context
	node   *graph.Node
	o      Options
	result serde.Serde[Out]
	rows   *ledger
	ids    *identity
	next   func(*outcome[Out]) error
}

func (m *machine[Out]) handle(e *event) error {
	switch {
	case e.what == answered:
		return m.answer(e.body)
	case e.body == nil:
		return m.forget(e)
	default:
		return m.ask(e)
	}
}

// ask sends a request. One that is pending already is of a record that is processed again, after a failure under
// at-least-once: nobody knows whether its request went out, so it does now.
func (m *machine[Out]) ask(e *event) error {
	id := m.ids.next(e.key, e.body)
	p, err := m.rows.get(id)
	if err != nil {
		return err
	}
	if p == nil {
		p = &pending{key: e.key, body: e.body, headers: e.headers, time: e.time, created: m.ctx.WallTime, attempt: 1}
		return m.send(id, p)
	}
	return m.next(&outcome[Out]{what: requested, id: id, p: p})
}

// send lets an attempt begin to wait for a worker.
func (m *machine[Out]) send(id string, p *pending) error {
	p.phase = waiting
	at := int64(never)
	if m.o.ScheduleToStart > 0 {
		at = m.ctx.WallTime + m.o.ScheduleToStart.Milliseconds()
	}
	if err := m.rows.put(id, p, m.bounded(p, at)); err != nil {
		return err
	}
	return m.next(&outcome[Out]{what: requested, id: id, p: p})
}

// bounded is a due time, or the end of the whole if that is earlier.
func (m *machine[Out]) bounded(p *pending, at int64) int64 {
	if deadline := p.deadline(m.o); deadline > 0 {
		return min(at, deadline)
	}
	return at
}

// forget takes back what is pending under the key of a null, and passes the null on.
func (m *machine[Out]) forget(e *event) error {
	if e.key != nil {
		ids, err := m.rows.under(prefixOf(e.key))
		if err != nil {
			return err
		}
		for _, id := range ids {
			p, err := m.rows.get(id)
			if err != nil {
				return err
			}
			if p != nil && bytes.Equal(p.key, e.key) {
				if err := m.rows.remove(id, p); err != nil {
					return err
				}
			}
		}
	}
	p := &pending{key: e.key, headers: e.headers, time: e.time}
	return m.next(&outcome[Out]{what: done, p: p, null: true})
}

func (m *machine[Out]) skip(format string, args ...any) error {
	m.ctx.Skip(m.node, fmt.Sprintf(format, args...))
	return nil
}

// answer takes a worker's message in. What is wrong with one is counted and logged, and never the stream's failure:
// workers come and go, and their topic is open to all of them.
func (m *machine[Out]) answer(message []byte) error {
	r, err := resultSerde[[]byte]{serde.Bytes()}.Decode(message)
	if err != nil {
		return m.skip("%v", err)
	}
	p, err := m.rows.get(r.ID)
	if err != nil {
		return err
	}
	if p == nil {
		if r.Status == StatusStarted {
			return nil
		}
		return m.skip("a result of %s, attempt %d, is not waited for: another came first, or it was given up", r.ID, r.Attempt)
	}
	current := r.Attempt == p.attempt && p.phase != backingOff
	switch r.Status {
	case StatusStarted:
		if !current {
			return nil
		}
		if p.starts++; p.starts > maxStarts {
			return m.fail(r.ID, p, fmt.Sprintf("the attempt was begun %d times and nobody came to its end: the request may take its workers down", maxStarts))
		}
		p.phase = started
		return m.rows.put(r.ID, p, m.bounded(p, m.ctx.WallTime+m.o.StartToClose.Milliseconds()))
	case StatusOK:
		return m.finish(&r, p)
	case StatusRetry:
		if !current {
			return m.skip("attempt %d of %s failed after it was given up: %s", r.Attempt, r.ID, r.Error)
		}
		return m.fail(r.ID, p, r.Error)
	case StatusFailed:
		return m.giveUp(r.ID, p, ReasonPermanent, r.Error)
	default:
		return m.skip("a result of %s has the status %q: use %q, %q, %q or %q", r.ID, r.Status, StatusStarted, StatusOK, StatusRetry, StatusFailed)
	}
}

// finish is the end that everybody hopes for.
func (m *machine[Out]) finish(r *Result[[]byte], p *pending) error {
	o := outcome[Out]{what: done, id: r.ID, p: p, null: r.Null}
	if !r.Null {
		var err error
		if o.value, err = decodeBody("result", r.ID, m.result, r.Body); err != nil {
			return m.giveUp(r.ID, p, ReasonPermanent, err.Error())
		}
		o.raw, o.null = r.Body, isNil(&o.value)
	}
	if err := m.rows.remove(r.ID, p); err != nil {
		return err
	}
	return m.next(&o)
}

// fail ends an attempt; unless it was the last, another one follows after a while.
func (m *machine[Out]) fail(id string, p *pending, why string) error {
	p.err = shorten(why)
	if p.attempt >= m.o.Attempts {
		return m.giveUp(id, p, ReasonAttempts, p.err)
	}
	p.phase, p.starts = backingOff, 0
	return m.rows.put(id, p, m.bounded(p, m.ctx.WallTime+m.o.wait(id, p.attempt)))
}

func (m *machine[Out]) giveUp(id string, p *pending, reason Reason, why string) error {
	if err := m.rows.remove(id, p); err != nil {
		return err
	}
	p.err = shorten(why)
	return m.next(&outcome[Out]{what: givenUp, id: id, p: p, reason: reason})
}

// expire does what is due.
func (m *machine[Out]) expire(now int64) error {
	ids, err := m.rows.due(now, atOnce)
	if err != nil {
		return err
	}
	for _, id := range ids {
		p, err := m.rows.get(id)
		if err != nil {
			return err
		}
		if p == nil || p.due > now { // no such row: an invariant of the ledger
			continue
		}
		if err := m.dueNow(id, p, now); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine[Out]) dueNow(id string, p *pending, now int64) error {
	if deadline := p.deadline(m.o); deadline > 0 && deadline <= now {
		why := p.err
		if why == "" {
			why = fmt.Sprintf("there was no result within %v", m.o.ScheduleToClose)
		}
		return m.giveUp(id, p, ReasonDeadline, why)
	}
	switch p.phase {
	case waiting:
		return m.fail(id, p, fmt.Sprintf("no worker began attempt %d within %v", p.attempt, m.o.ScheduleToStart))
	case started:
		return m.fail(id, p, fmt.Sprintf("no result of attempt %d came within %v of its start", p.attempt, m.o.StartToClose))
	default:
		p.attempt++
		return m.send(id, p)
	}
}
