package sim

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-go/millrace/internal/transport"
)

// process is one life of an instance, and its client. Once it is dead, nothing of it reaches the cluster any more: its
// goroutines see errors until they have ended.
type process struct {
	w     *World
	name  string
	dead  atomic.Bool
	ready atomic.Bool // it has run tasks
	// Until then nothing of it happens, its membership hears nothing, it cannot read the members topic. These are the schedule's.
	paused, deaf, blind time.Time
	inFlight            bool // what it had sent when it died arrives all the same

	mu    sync.Mutex
	calls map[*call]bool // which wait
}

func newProcess(w *World, name string) *process {
	return &process{w: w, name: name, calls: map[*call]bool{}}
}

// enlist notes a call that waits, if the process lives.
func (p *process) enlist(c *call) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead.Load() {
		return false
	}
	p.calls[c] = true
	return true
}

// discharge notes that a call is answered, if it has not been.
func (p *process) discharge(c *call) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	ok := p.calls[c]
	delete(p.calls, c)
	return ok
}

// kill ends the process.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead.Store(true)
	for c := range p.calls {
		c.err = errCrashed
		close(c.done)
	}
	clear(p.calls)
}

// unreachable does something on the cluster, unless the request is lost; or the answer is.
func (p *process) unreachable(do func() error) error {
	lost := p.w.chance(p.w.climate.unreachable)
	if lost && p.w.sched.rnd.IntN(2) == 0 {
		return fmt.Errorf("sim: the request was lost: %w", transport.ErrUnreachable)
	}
	err := do()
	if lost && err == nil {
		return fmt.Errorf("sim: the answer was lost: %w", transport.ErrUnreachable)
	}
	return err
}

// Close implements [transport.Client].
func (p *process) Close() {}
