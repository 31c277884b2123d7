package runtime

import (
	"context"
	"errors"
	"fmt"
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
	rt      *Runtime
	look    chan struct{} // what is wanted has changed
	claims  chan claim
	ended   chan struct{}
	fetcher transport.Fetcher
	copies  map[int32]*replica
	logs    map[transport.Partition]followed
	retry   map[int32]time.Time

	mu  sync.Mutex
	lag map[int32]int64
}

// replica is a copy of a task.
type replica struct {
	t    *task
	logs []transport.Partition
}

// followed is a changelog partition of a copy.
type followed struct {
	t   *task
	log *changelog
}

// claim asks for a copy, to run it. The answer is nil where there is none; then nothing of the task is open here.
type claim struct {
	slot   int32
	answer chan *task
}

func newStandbys(r *Runtime) *standbys {
	return &standbys{
		rt: r, look: make(chan struct{}, 1), claims: make(chan claim), ended: make(chan struct{}),
		copies: map[int32]*replica{}, logs: map[transport.Partition]followed{}, retry: map[int32]time.Time{},
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
	defer close(s.ended)
	defer s.closeAll()
	measured := time.Time{}
	for ctx.Err() == nil {
		if err := s.change(ctx); err != nil {
			s.failed(err)
		}
		if len(s.copies) == 0 && s.idle(ctx) {
			continue
		}
		if err := s.follow(ctx); err != nil {
			s.failed(err)
		}
		if now := time.Now(); now.Sub(measured) >= lagInterval {
			measured = now
			if err := s.measure(ctx); err != nil && ctx.Err() == nil {
				s.rt.log.Warn("runtime: standbys: " + err.Error())
			}
		}
	}
	return nil
}

// idle waits for something to do; true says that it has been done.
func (s *standbys) idle(ctx context.Context) bool {
	again := time.NewTimer(copyPatience)
	defer again.Stop()
	select {
	case <-ctx.Done():
	case <-s.look:
	case <-again.C:
	case c := <-s.claims:
		c.answer <- nil
	}
	return true
}

// change opens and closes copies until they are those that are wanted, and hands over what is claimed.
func (s *standbys) change(ctx context.Context) error {
	before := len(s.logs)
	changed := false
	select {
	case c := <-s.claims:
		c.answer <- s.drop(c.slot)
		changed = true
	default:
	}
	wanted, held := s.rt.wantedCopies()
	for slot := range maps.Clone(s.copies) {
		if _, claimed := held[slot]; !claimed && !wanted[slot] {
			if t := s.drop(slot); t != nil {
				s.rt.log.Info("runtime: a standby is closed", "task", t.name)
				if err := t.close(); err != nil {
					return err
				}
			}
			changed = true
		}
	}
	for _, slot := range slices.Sorted(maps.Keys(wanted)) {
		if s.copies[slot] != nil || time.Now().Before(s.retry[slot]) {
			continue
		}
		if err := s.open(ctx, slot); err != nil {
			s.retry[slot] = time.Now().Add(copyPatience)
			return err
		}
		changed = true
	}
	if changed || before != len(s.logs) {
		return s.assign()
	}
	return nil
}

func (s *standbys) drop(slot int32) *task {
	c := s.copies[slot]
	if c == nil {
		return nil
	}
	for _, p := range c.logs {
		delete(s.logs, p)
	}
	delete(s.copies, slot)
	return c.t
}

// open begins a copy from what is on the disk.
func (s *standbys) open(ctx context.Context, slot int32) error {
	t, err := s.rt.build(ctx, s.rt.ids[slot], slot)
	if err == nil {
		_, err = s.rt.survey(ctx, t)
	}
	if err != nil {
		err = errors.Join(fmt.Errorf("runtime: open a standby of task %s: %w", t.name, err), t.close())
		s.rt.condemn(t.dir, err)
		return err
	}
	c := &replica{t: t}
	for _, l := range t.logs {
		p := transport.Partition{Topic: l.topic.FullName(s.rt.cfg.App), Index: t.id.Partition}
		c.logs = append(c.logs, p)
		s.logs[p] = followed{t, l}
	}
	s.copies[slot] = c
	s.rt.log.Info("runtime: a standby is opened", "task", t.name)
	return nil
}

// assign reads the changelogs of all copies, each from where its copy stands.
func (s *standbys) assign() error {
	if s.fetcher == nil {
		f, err := s.rt.cfg.Client.NewFetcher(transport.FetcherConfig{Name: "standbys", Group: s.rt.cfg.App, Buffer: copyBuffer})
		if err != nil {
			return err
		}
		s.fetcher = f
	}
	var at []transport.Position
	for p, l := range s.logs {
		at = append(at, transport.Position{Partition: p, Offset: l.log.next})
	}
	return s.fetcher.Assign(at)
}

// follow applies what the changelogs have.
func (s *standbys) follow(ctx context.Context) error {
	if s.fetcher == nil || len(s.logs) == 0 {
		_ = sleep(ctx, pollWait)
		return nil
	}
	batches, err := s.fetcher.Poll(pollWait)
	if err != nil {
		return err
	}
	for i := range batches {
		b := &batches[i]
		l, ok := s.logs[b.Partition]
		if !ok {
			continue
		}
		if err := l.log.take(l.t.engine, b); err != nil {
			return err
		}
		l.t.unsafe = l.t.unsafe || len(b.Records) > 0
		s.rt.metrics.copied.Add(int64(len(b.Records)))
	}
	return s.flush()
}

// flush makes one copy survive the process, as a worker does.
func (s *standbys) flush() error {
	for _, c := range s.copies {
		t := c.t
		if t.unsafe && t.disk != nil && time.Since(t.flushed) >= flushInterval {
			if err := t.engine.Flush(); err != nil {
				return err
			}
			t.flushed, t.unsafe = time.Now(), false
			if t.whole {
				return t.dir.touch()
			}
			return nil
		}
	}
	return nil
}

// measure counts how far the copies are behind.
func (s *standbys) measure(ctx context.Context) error {
	lag := map[int32]int64{}
	if len(s.logs) > 0 {
		ends, err := s.rt.cfg.Client.Ends(ctx, slices.Collect(maps.Keys(s.logs)))
		if err != nil {
			return err
		}
		for p, l := range s.logs {
			lag[l.t.slot] += max(0, ends[p]-l.log.next)
		}
		for slot, c := range s.copies {
			c.t.whole = c.t.whole || lag[slot] == 0
		}
	}
	s.mu.Lock()
	s.lag = lag
	s.mu.Unlock()
	return nil
}

// failed closes all copies: the next ones begin from the disk.
func (s *standbys) failed(err error) {
	s.rt.log.Warn("runtime: standbys begin again: " + err.Error())
	for slot, c := range s.copies {
		s.rt.condemn(c.t.dir, err)
		s.retry[slot] = time.Now().Add(time.Second)
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

// wantedCopies are the tasks of which a copy is to be opened here: not those that a worker has, or is about to have. A copy of a
// task that is held is about to be claimed.
func (r *Runtime) wantedCopies() (wanted map[int32]bool, held map[int32]uint64) {
	wanted = r.own.standbys()
	held, _ = r.own.snapshot()
	r.mu.Lock()
	defer r.mu.Unlock()
	for slot := range wanted {
		if _, ours := r.ids[slot]; !ours || r.seats[slot] != nil || held[slot] != 0 {
			delete(wanted, slot)
		}
	}
	return wanted, held
}

// Standbys lists the copies that are kept here, each with the records that it is behind, about.
func (r *Runtime) Standbys() map[string]int64 {
	lags := r.standbys.lags()
	if len(lags) == 0 {
		return nil
	}
	named := make(map[string]int64, len(lags))
	for slot, n := range lags {
		named[taskName(r.plan, r.ids[slot])] = n
	}
	return named
}
