package runtime

import (
	"context"
	"errors"
	"maps"
	"math/bits"
	"slices"
	"time"

	"github.com/millrace-go/millrace/internal/assign"
	"github.com/millrace-go/millrace/internal/members"
	"github.com/millrace-go/millrace/internal/transport"
)

const (
	// lagInterval is how often an instance says how far its copies are.
	lagInterval = 500 * time.Millisecond
	// repeatInterval is after how long an announcement is made again that the topic does not show.
	repeatInterval = 5 * time.Second
	// farewellPatience bounds how long an instance that stops goes on leading, until others have its tasks.
	farewellPatience = 3 * time.Second
)

// join makes the membership; the group answers while the workers connect.
func (r *Runtime) join() error {
	var err error
	r.member, err = r.cfg.Client.NewMember(transport.MemberConfig{
		Group: r.cfg.App, Topic: r.registry.topic, Instance: r.dir.Instance, ClientID: r.clientID(),
		Session: r.cfg.Session, Changed: r.elected,
	})
	return err
}

// meet makes sure that there is a members topic.
func (r *Runtime) meet(ctx context.Context) (*members.Group, error) {
	spec := transport.TopicSpec{Name: r.cfg.App + members.Suffix, Partitions: 1, Replicas: r.cfg.Replicas, Config: map[string]string{
		// Small segments: who starts reads all that compaction has not got to.
		"cleanup.policy": "compact", "segment.bytes": "1048576", "segment.ms": "600000", "min.cleanable.dirty.ratio": "0.1",
	}}
	names, specs := []string{spec.Name}, map[string]transport.TopicSpec{spec.Name: spec}
	have, err := r.topics.make(ctx, names, specs)
	if err == nil {
		err = r.topics.check(ctx, names, specs, have)
	}
	if err != nil {
		return nil, err
	}
	tasks := &tasksForLeader{rt: r}
	cfg := members.Config{
		App: r.cfg.App, Client: r.cfg.Client, Assign: assign.Config{Standbys: r.cfg.Standbys}, Tasks: tasks.list, Logger: r.log,
	}
	if r.cfg.ExactlyOnce {
		cfg.End = r.endInstance
	}
	return members.New(cfg)
}

// elected is the group's callback: the topic's partition has come or gone.
func (r *Runtime) elected(given, taken []int32) {
	if slices.Contains(taken, 0) {
		r.owns.Store(false)
		r.stand(false)
	}
	if slices.Contains(given, 0) {
		r.owns.Store(true)
	}
}

// stand begins or ends to lead.
func (r *Runtime) stand(leads bool) {
	if r.leads.Swap(leads) == leads {
		return
	}
	if leads {
		poke(r.election)
	} else if end := r.endTerm.Load(); end != nil {
		(*end)()
	}
}

// membership polls the group, unless a worker hangs: then the others of the application get its tasks.
func (r *Runtime) membership(ctx context.Context) error {
	for ctx.Err() == nil {
		if r.Stalled() != nil {
			r.stand(false) // without its polls it will not hear that another one leads
			_ = sleep(ctx, time.Second)
			continue
		}
		if err := r.member.Poll(100 * time.Millisecond); err != nil {
			return err
		}
		g, err := r.member.Generation()
		if err != nil {
			return err
		}
		r.own.identify(g.MemberID())
		r.stand(r.owns.Load()) // now that the id is known under which it leads
	}
	return nil
}

// obey follows the leader's assignments.
func (r *Runtime) obey(ctx context.Context) error {
	for {
		v, changed := r.members.View()
		r.own.obey(r.dir.Instance, v)
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-r.own.renamed: // under its new id, what it has read may name it already
		}
	}
}

// lead decides for the application's instances while this one is the leader.
func (r *Runtime) lead(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.election:
		case <-time.After(time.Second): // it was overruled, or had no id yet
		}
		term, end := context.WithCancel(ctx)
		r.endTerm.Store(&end)
		var err error
		if id := r.own.id(); r.leads.Load() && id != "" {
			err = r.members.Lead(term, id)
		}
		end()
		if r.leaving.Load() {
			return nil
		}
		if errors.Is(err, transport.ErrDenied) || errors.Is(err, transport.ErrRecord) { // it will be no better at the next try
			return err
		}
		if ctx.Err() == nil && err != nil && !errors.Is(err, context.Canceled) {
			r.log.Warn("runtime: this instance leads no more: " + err.Error())
		}
	}
}

// announce says what this instance has, whenever that changes.
func (r *Runtime) announce(ctx context.Context) error {
	var last members.Record
	var at time.Time
	lags := time.NewTicker(lagInterval)
	defer lags.Stop()
	for {
		lag := last.Lag
		select {
		case <-ctx.Done():
			return nil
		case <-r.telling:
		case <-lags.C:
			lag = coarse(r.standbys.lags())
		}
		rec, asked := r.announcement()
		rec.Lag = lag
		if rec.ID == "" || same(rec, last) && (!asked || rec.Acked == last.Acked) && (r.heard(last) || time.Since(at) < repeatInterval) {
			continue
		}
		if err := r.members.Announce(ctx, rec); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			if !errors.Is(err, transport.ErrUnreachable) {
				return err
			}
			r.log.Warn("runtime: " + err.Error())
			continue // with the next tick
		}
		last, at = rec, time.Now()
	}
}

// same says whether two announcements of a member say the same, but for the version that it obeys.
func same(a, b members.Record) bool {
	return a.ID == b.ID && slices.Equal(a.Held, b.Held) && maps.Equal(a.Lag, b.Lag)
}

// heard says whether the topic has what was announced.
func (r *Runtime) heard(rec members.Record) bool {
	v, _ := r.members.View()
	m := v.Members[rec.ID]
	return same(m, rec) && m.Acked == rec.Acked
}

// coarse rounds lags to what may matter to the leader, so that a copy under load is not announced anew each time: 0 for one that
// can take over at once, else the power of two above.
func coarse(lags map[int32]int64) map[int32]int64 {
	round := make(map[int32]int64, len(lags))
	for slot, n := range lags {
		round[slot] = 0
		if n > assign.AcceptableLag {
			round[slot] = 1 << bits.Len64(uint64(n))
		}
	}
	return round
}

// announcement is what this instance says of itself. What it obeys is read before what it has: a commit that is under way is
// of a task that it still has.
func (r *Runtime) announcement() (rec members.Record, asked bool) {
	rec = members.Record{Instance: r.dir.Instance, Address: r.cfg.Address, Workers: len(r.workers)}
	rec.ID, rec.Acked, asked = r.own.acknowledged()
	r.mu.Lock()
	defer r.mu.Unlock()
	for slot, s := range r.seats {
		if !s.left && !s.parted {
			rec.Held = append(rec.Held, slot)
		}
	}
	slices.Sort(rec.Held)
	return rec, asked
}

// farewell says that this instance has let go of everything, once its workers have ended. While it leads, it decides for the
// last time what follows from that: nobody else would until its session has ended.
func (r *Runtime) farewell(ctx context.Context, led <-chan struct{}) {
	rec, _ := r.announcement()
	if rec.ID == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, farewellPatience)
	defer cancel()
	rec.Acked, rec.Held, rec.Leaving = members.Gone, nil, true
	r.leaving.Store(true)
	if err := r.members.Announce(ctx, rec); err != nil {
		r.log.Warn("runtime: the others are not told that this instance stops: they wait until its session ends: " + err.Error())
		return
	}
	if !r.leads.Load() {
		return
	}
	select {
	case <-led:
	case <-ctx.Done():
	}
}
