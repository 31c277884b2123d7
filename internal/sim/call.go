package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/millrace-go/millrace/internal/transport"
)

// errCrashed is all that the goroutines of a dead process see.
var errCrashed = errors.New("sim: the process is dead")

// call is something that a process asks of the cluster, or of its own client, and waits for.
type call struct {
	p   *process
	key string
	// local says that no broker has to answer.
	local bool
	// ready says that it can be done; nil: at once.
	ready func() bool
	// wait is how long it waits until it is ready, before it is done all the same; 0: as long as it takes.
	wait time.Duration
	// patience is how long it waits for a broker that is away; 0: as long as it takes.
	patience time.Duration
	// delicate says that trouble at this very moment is the most interesting, and that the call may arrive when the caller is
	// dead already: nobody looks at what it does to the process.
	delicate bool
	do       func() error

	begun time.Time
	err   error
	done  chan struct{}
}

// make asks, and waits for the answer.
func (p *process) call(c call) error {
	c.p, c.done, c.key = p, make(chan struct{}), p.name+" "+c.key
	if !p.enlist(&c) {
		return errCrashed
	}
	p.w.sched.ask(c.key, func() {
		c.begun = time.Now()
		if c.delicate && p.w.chance(p.w.climate.ambush) {
			p.w.ambush(p)
		}
		if c.local || c.wait > 0 {
			c.arrive()
			return
		}
		p.w.sched.after(p.w.sched.climate.latency(p.w.sched.rnd), c.key, p, c.arrive).sent = c.delicate
	})
	<-c.done
	return c.err
}

// arrive is the call's arrival at the cluster.
func (c *call) arrive() {
	s, now := c.p.w.sched, time.Now()
	switch away := c.p.w.cluster.away(); {
	case c.p.dead.Load() && (away > 0 || c.ready != nil && !c.ready()):
	case away > 0 && !c.local && c.wait > 0: // nothing comes
		s.after(c.wait, c.key+": nothing", c.p, func() { c.answer(nil) })
	case away > 0 && !c.local && c.patience > 0 && now.Add(away).Sub(c.begun) > c.patience:
		s.after(c.begun.Add(c.patience).Sub(now), c.key+": no broker", c.p, func() {
			c.answer(fmt.Errorf("sim: %s: %w", c.key, transport.ErrUnreachable))
		})
	case away > 0 && !c.local:
		s.after(away+s.climate.latency(s.rnd), c.key, c.p, c.arrive)
	case c.ready != nil && !c.ready() && (c.wait == 0 || now.Sub(c.begun) < c.wait):
		c.park()
	default:
		err := c.do()
		s.after(s.climate.latency(s.rnd), c.key+": answer", c.p, func() { c.answer(err) })
	}
}

// park lets the call wait until it is ready, or for as long as it may.
func (c *call) park() {
	s := c.p.w.sched
	s.parked = append(s.parked, c)
	if c.wait == 0 {
		return
	}
	s.after(time.Until(c.begun.Add(c.wait)), c.key+": waited", c.p, func() {
		if i := slices.Index(s.parked, c); i >= 0 {
			s.parked = slices.Delete(s.parked, i, i+1)
			c.answer(c.do())
		}
	})
}

// answer lets the caller go on.
func (c *call) answer(err error) {
	if !c.p.discharge(c) {
		return
	}
	if err != nil {
		c.p.w.sched.trace.add(c.key + ": " + err.Error())
	}
	c.err = err
	close(c.done)
}
