package runtime

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/millrace-go/millrace/internal/transport"
)

const (
	// copyPatience is how long a copy that failed is left alone.
	copyPatience = 5 * time.Second
	// copyBuffer bounds what is read ahead for all copies.
	copyBuffer = 16 << 20
)

// standbys keeps copies of tasks that run elsewhere, or are about to run here: the same task, without a worker, whose stores
// follow their changelogs. One goroutine and one fetcher do it for all. (KIP-441 calls them standby and warm-up replicas.)
type standbys struct {
	rt       *Runtime
	look     chan struct{} // what is wanted has changed
	claims   chan claim
	learnt   chan learnt
	ended    chan struct{}
	fetcher  transport.Fetcher
	copies   map[int32]*replica
	logs     map[transport.Partition]*followed
	retry    map[int32]time.Time
	asking   bool // for a checkpoint
	learning sync.WaitGroup

	mu  sync.Mutex
	lag map[int32]int64
}

// claim asks for a copy, to run it. The answer is nil where there is none; then nothing of the task is open here.
type claim struct {
	slot   int32
	answer chan *task
}

func newStandbys(r *Runtime) *standbys {
	return &standbys{
		rt: r, look: make(chan struct{}, 1), claims: make(chan claim), learnt: make(chan learnt, 1), ended: make(chan struct{}),
		copies: map[int32]*replica{}, logs: map[transport.Partition]*followed{}, retry: map[int32]time.Time{},
	}
}

// claim takes a copy over.
func (s *standbys) claim(slot int32) *task {
	c := claim{slot, make(chan *task, 1)}
	select {
	case s.claims <- c:
		return <-c.answer
	case <-s.ended:
		return nil
	}
}

// lags is how many records each copy is behind, about.
func (s *standbys) lags() map[int32]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lag
}

// run keeps the copies until ctx ends. Nobody waits for a copy: what fails is logged, and tried again later.
func (s *standbys) run(ctx context.Context) error {
	defer s.learning.Wait()
	defer close(s.ended)
	defer s.closeAll()
	measured := time.Time{}
	for ctx.Err() == nil {
		err := s.change(ctx)
		if err == nil && len(s.copies) == 0 {
			s.tell(nil)
			s.idle(ctx)
			continue
		}
		if err == nil {
			err = s.follow(ctx)
		}
		if now := time.Now(); err == nil && now.Sub(measured) >= lagInterval {
			measured = now
			err = s.measure(ctx)
		}
		if err == nil {
			err = s.expire(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.failed(err)
		}
	}
	return nil
}

// idle waits for something to do.
func (s *standbys) idle(ctx context.Context) {
	again := time.NewTimer(copyPatience)
	defer again.Stop()
	select {
	case <-ctx.Done():
	case <-s.look:
	case <-again.C:
	case c := <-s.claims:
		c.answer <- nil
	}
}

// change opens and closes copies until they are those that are wanted, and hands over what is claimed.
func (s *standbys) change(ctx context.Context) error {
	changed := s.handOver()
	wanted, held := s.rt.wantedCopies()
	for slot := range maps.Clone(s.copies) {
		if _, claimed := held[slot]; !claimed && !wanted[slot] {
			t := s.drop(slot)
			s.rt.log.Info("runtime: a standby is closed", "task", t.name)
			if err := t.close(); err != nil {
				s.rt.log.Warn("runtime: close a standby: " + err.Error())
			}
			changed = true
		}
	}
	for _, slot := range slices.Sorted(maps.Keys(wanted)) {
		changed = s.handOver() || changed // a task that nobody runs waits for no more than one copy
		wanted, _ = s.rt.wantedCopies()   // not what was claimed just now
		if wanted[slot] && s.copies[slot] == nil && time.Now().After(s.retry[slot]) && ctx.Err() == nil {
			changed = s.open(ctx, slot) || changed
		}
	}
	if changed {
		return s.assign()
	}
	return nil
}

// handOver answers all claims that wait, and says whether one got a copy.
func (s *standbys) handOver() (some bool) {
	for {
		select {
		case c := <-s.claims:
			some = some || s.copies[c.slot] != nil
			c.answer <- s.release(c.slot)
		default:
			return some
		}
	}
}

// release takes a copy out, ready to run; nil if there is none, or it has failed: the task is opened from the disk then.
func (s *standbys) release(slot int32) *task {
	c := s.copies[slot]
	if c == nil {
		return nil
	}
	t := s.drop(slot)
	if err := c.ready(); err != nil {
		err = errors.Join(err, t.close())
		s.rt.condemn(t.dir, err)
		s.rt.log.Warn("runtime: a standby cannot take over: "+err.Error(), "task", t.name)
		return nil
	}
	return t
}

// failed closes all copies: the next ones begin from the disk.
func (s *standbys) failed(err error) {
	s.rt.log.Warn("runtime: standbys begin again: " + err.Error())
	for slot, c := range s.copies {
		s.rt.condemn(c.t.dir, err)
		s.retry[slot] = time.Now().Add(copyPatience)
	}
	s.closeAll()
}

func (s *standbys) closeAll() {
	for slot := range maps.Clone(s.copies) {
		if err := s.drop(slot).close(); err != nil {
			s.rt.log.Warn("runtime: close a standby: " + err.Error())
		}
	}
	if s.fetcher != nil {
		if err := s.fetcher.Close(); err != nil {
			s.rt.log.Warn("runtime: close a standby: " + err.Error())
		}
		s.fetcher = nil
	}
}
