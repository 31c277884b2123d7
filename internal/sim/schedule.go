package sim

import (
	"container/heap"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"
)

// schedule decides what happens next. Nothing happens beside it: each thing that a process asks of the cluster waits here,
// and when all goroutines of the bubble wait, the schedule lets the next one go on.
//
// INVARIANT: rnd is drawn from by the schedule's goroutine only, and in an order that the seed determines. Where several
// goroutines asked between two steps, the order in which they did is chance: what they ask is sorted by its key.
type schedule struct {
	rnd     *rand.Rand
	climate *climate
	trace   *trace
	queue   queue
	parked  []*call
	steps   int
	ended   bool
	failed  error

	mu    sync.Mutex
	fresh []asked
	wake  chan struct{} // something was asked
}

// asked is something new, to be taken in.
type asked struct {
	key  string
	take func()
}

// event is something that will happen.
type event struct {
	at    time.Time
	tie   uint64 // the order of what happens at one time
	key   string
	owner *process // whose doing it is: it waits while that is paused and does not happen once it is dead; nil: nobody's
	run   func()
	sent  bool // it is a message: it may arrive after its sender has died
}

// queue is a heap of events.
type queue []*event

// Len implements [heap.Interface].
func (q *queue) Len() int { return len(*q) }

// Less implements [heap.Interface].
func (q *queue) Less(i, j int) bool {
	a, b := (*q)[i], (*q)[j]
	if !a.at.Equal(b.at) {
		return a.at.Before(b.at)
	}
	return a.tie < b.tie
}

// Swap implements [heap.Interface].
func (q *queue) Swap(i, j int) { (*q)[i], (*q)[j] = (*q)[j], (*q)[i] }

// Push implements [heap.Interface].
func (q *queue) Push(x any) { *q = append(*q, x.(*event)) }

// Pop implements [heap.Interface].
func (q *queue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	*q = (*q)[:last]
	return e
}

// ask hands something to the schedule. Any goroutine may.
func (s *schedule) ask(key string, take func()) {
	s.mu.Lock()
	s.fresh = append(s.fresh, asked{key, take})
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default: // it has yet to look
	}
}

// after lets something happen later.
func (s *schedule) after(d time.Duration, key string, owner *process, run func()) *event {
	e := &event{at: time.Now().Add(d), tie: s.rnd.Uint64(), key: key, owner: owner, run: run}
	heap.Push(&s.queue, e)
	return e
}

// run makes things happen until one of them ends the run.
func (s *schedule) run() {
	for s.failed == nil && !s.ended {
		synctest.Wait()
		s.takeIn()
		s.unpark()
		if len(s.queue) == 0 {
			<-s.wake
			continue
		}
		if wait := time.Until(s.queue[0].at); wait > 0 {
			select {
			case <-s.wake:
			case <-time.After(wait):
			}
			continue
		}
		s.steps++
		e := heap.Pop(&s.queue).(*event)
		if p := e.owner; p != nil {
			if p.dead.Load() && (!e.sent || !p.inFlight) {
				continue
			}
			if wait := time.Until(p.paused); wait > 0 {
				s.after(wait+s.climate.latency(s.rnd), e.key, p, e.run).sent = e.sent
				continue
			}
		}
		s.trace.add(e.key)
		e.run()
	}
}

// takeIn takes in what was asked since the last step.
func (s *schedule) takeIn() {
	s.mu.Lock()
	fresh := s.fresh
	s.fresh = nil
	s.mu.Unlock()
	slices.SortStableFunc(fresh, func(a, b asked) int { return strings.Compare(a.key, b.key) })
	for _, a := range fresh {
		a.take()
	}
}

// unpark lets the calls go on that what happened last has made ready.
func (s *schedule) unpark() {
	s.parked = slices.DeleteFunc(s.parked, func(c *call) bool {
		if c.p.dead.Load() {
			return true
		}
		if !c.ready() {
			return false
		}
		s.after(s.climate.latency(s.rnd), c.key, c.p, c.arrive)
		return true
	})
}

// fail ends the run: the cluster has seen something that must not be.
func (s *schedule) fail(err error) {
	if s.failed == nil {
		s.trace.add("FAILED: " + err.Error())
		s.failed = err
	}
}
