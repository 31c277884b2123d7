package runtime

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/millrace-go/millrace/internal/transport"
)

// expireInterval is how often a copy forgets what its stores' retention has passed.
const expireInterval = time.Minute

// replica is a copy of a task.
type replica struct {
	t       *task
	logs    []*followed
	expires bool      // it has stores with retention
	expired time.Time // when it last forgot something
}

// followed is a changelog partition of a copy.
type followed struct {
	p   transport.Partition
	t   *task
	log *changelog
	end bool // there was no more at the last look
}

// open begins a copy from what is on the disk, and says whether that worked.
func (s *standbys) open(ctx context.Context, slot int32) bool {
	t, err := s.rt.build(ctx, s.rt.ids[slot], slot)
	if err == nil {
		var todo map[transport.Partition]*restoring
		if todo, err = s.rt.survey(ctx, t); err == nil {
			err = t.load(remaining(todo) >= loadWorthwhile)
		}
	}
	if err != nil {
		err = errors.Join(err, t.close())
		s.rt.condemn(t.dir, err)
		s.retry[slot] = time.Now().Add(copyPatience)
		if ctx.Err() == nil {
			s.rt.log.Warn("runtime: a standby is not opened, and will be tried again: "+err.Error(), "task", t.name)
		}
		return false
	}
	c := &replica{t: t, expired: time.Now()}
	for _, l := range t.logs {
		f := &followed{p: transport.Partition{Topic: l.topic.FullName(s.rt.cfg.App), Index: t.id.Partition}, t: t, log: l}
		c.logs = append(c.logs, f)
		s.logs[f.p] = f
		c.expires = c.expires || l.store.Retention > 0
	}
	s.copies[slot] = c
	s.rt.log.Info("runtime: a standby is opened", "task", t.name)
	return true
}

// drop takes a copy out; nil if there is none.
func (s *standbys) drop(slot int32) *task {
	c := s.copies[slot]
	if c == nil {
		return nil
	}
	for _, f := range c.logs {
		delete(s.logs, f.p)
	}
	delete(s.copies, slot)
	return c.t
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
	for p, f := range s.logs {
		at = append(at, transport.Position{Partition: p, Offset: f.log.next})
		f.end = false
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
		f, ok := s.logs[b.Partition]
		if !ok {
			continue
		}
		f.log.pass(b)
		if err := f.t.engine.Gather(f.log.store, b.Records, f.log.next); err != nil {
			return err
		}
		f.end = b.End
		f.t.unsafe = f.t.unsafe || len(b.Records) > 0
		s.rt.metrics.copied.Add(int64(len(b.Records)))
	}
	for _, slot := range slices.Sorted(maps.Keys(s.copies)) {
		if err := s.copies[slot].settle(); err != nil {
			return err
		}
	}
	return s.flush()
}

// settle puts into the stores what has been gathered, unless it is much and there is more to come. That the copy is current is
// noted.
func (c *replica) settle() error {
	current := !slices.ContainsFunc(c.logs, func(f *followed) bool { return !f.end })
	if c.t.loading && !current {
		return nil
	}
	if current {
		c.t.whole, c.t.dir.seen = true, time.Now()
	}
	return c.ready()
}

// ready makes the stores ready to be used, or closed.
func (c *replica) ready() error { return errors.Join(c.t.engine.Settle(), c.t.load(false)) }

// flush makes one copy survive the process, as a worker does.
func (s *standbys) flush() error {
	for _, slot := range slices.Sorted(maps.Keys(s.copies)) {
		t := s.copies[slot].t
		if t.unsafe && t.disk != nil && time.Since(t.flushed) >= flushInterval {
			if err := t.engine.Flush(); err != nil {
				return err
			}
			t.flushed, t.unsafe = time.Now(), false
			if t.whole {
				return t.dir.mark()
			}
			return nil
		}
	}
	return nil
}

// measure counts how far the copies are behind. One that has read all that is committed is not, whatever a transaction that is
// open has added.
func (s *standbys) measure(ctx context.Context) error {
	lag := make(map[int32]int64, len(s.copies))
	var behind []transport.Partition
	for slot := range s.copies {
		lag[slot] = 0
	}
	for p, f := range s.logs {
		if !f.end {
			behind = append(behind, p)
		}
	}
	if len(behind) > 0 {
		ends, err := s.rt.cfg.Client.Ends(ctx, behind)
		if err != nil {
			return err
		}
		for _, p := range behind {
			f := s.logs[p]
			lag[f.t.slot] += max(0, ends[p]-f.log.next)
		}
	}
	s.tell(lag)
	return nil
}

func (s *standbys) tell(lag map[int32]int64) {
	s.mu.Lock()
	s.lag = lag
	s.mu.Unlock()
}

// learnt is a checkpoint of the task of which t is a copy.
type learnt struct {
	t        *task
	metadata string
	err      error
}

// expire lets copies forget what has passed, by the stream time that the task has committed: a changelog does not tell it.
// The broker is asked beside the loop, since an answer may have to wait for a transaction.
func (s *standbys) expire(ctx context.Context) error {
	select {
	case l := <-s.learnt:
		s.asking = false
		if c := s.copies[l.t.slot]; c != nil && c.t == l.t && l.err == nil {
			checkpoint, err := decodeCheckpoint(l.metadata)
			if err == nil {
				err = c.t.engine.LoadCheckpoint(checkpoint)
			}
			if err == nil {
				err = c.t.engine.Commit(nil)
			}
			return err
		}
	default:
	}
	for _, slot := range slices.Sorted(maps.Keys(s.copies)) {
		c := s.copies[slot]
		if c.expires && !s.asking && time.Since(c.expired) >= expireInterval {
			s.asking, c.expired = true, time.Now()
			s.learning.Go(func() { s.learn(ctx, c.t) })
		}
	}
	return nil
}

func (s *standbys) learn(ctx context.Context, t *task) {
	l := learnt{t: t}
	var ps []transport.Position
	ps, l.err = s.rt.member.Committed(ctx, []transport.Partition{t.sources[0].p})
	if len(ps) > 0 {
		l.metadata = ps[0].Metadata
	}
	s.learnt <- l // nobody else writes to it, and there is room for one
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
