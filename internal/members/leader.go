package members

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/millrace-go/millrace/internal/assign"
	"github.com/millrace-go/millrace/internal/transport"
)

const (
	// lookInterval is how often the leader asks the coordinator who is there.
	lookInterval = 400 * time.Millisecond
	// restInterval bounds how often it decides when announcements come in a row.
	restInterval = 20 * time.Millisecond
)

// errOverruled says that an instance of a higher term leads.
var errOverruled = errors.New("members: another instance leads")

// leader decides in the name of a member.
type leader struct {
	g    *Group
	term term
	last *View               // what it has written, or begins with
	gone map[string]struct{} // instances whose transactions were ended, or are about to be
	ends sync.WaitGroup      // of those
}

// Lead decides for all until ctx ends, a leader of a higher term writes, or member, which is this instance's id, has let go of
// everything and no task is on its way any more.
func (g *Group) Lead(ctx context.Context, member string) error {
	l := &leader{g: g, gone: map[string]struct{}{}}
	ctx, cancel := context.WithCancel(ctx)
	defer l.ends.Wait()
	defer cancel()
	if err := l.stand(ctx, member); err != nil {
		return err
	}
	g.cfg.Logger.Info("members: this instance leads", "term", l.term.number)
	for {
		_, changed := g.View()
		done, err := l.decide(ctx)
		if done || err != nil {
			return err
		}
		look := time.NewTimer(lookInterval)
		select {
		case <-ctx.Done():
			look.Stop()
			return nil
		case <-changed:
			look.Stop()
		case <-look.C:
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(restInterval):
		}
	}
}

// stand begins a term: from its first record on, nobody heeds an earlier one.
func (l *leader) stand(ctx context.Context, member string) error {
	select { // a term that is lower than one in the topic would be overruled by it
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-l.g.ready:
	}
	v, changed := l.g.View()
	l.term = term{l.g.stand(v.leader.number), member}
	if err := l.g.write(ctx, mark{l.term, 0}.key(), decision{}); err != nil {
		return err
	}
	for v.leader.less(l.term) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
		v, changed = l.g.View()
	}
	l.last = v
	return l.still(v)
}

// stand returns the number of a new term. None is used twice by a member: who reads the topic after it was compacted would not
// know then when it began.
func (g *Group) stand(last uint64) uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stood = max(g.stood, last) + 1
	return g.stood
}

func (l *leader) still(v *View) error {
	if v.leader != l.term {
		return errOverruled
	}
	return nil
}

// decide looks at who is there and what they say, and publishes what follows. done says that this was the last time.
func (l *leader) decide(ctx context.Context) (done bool, err error) {
	// First what the members say, then who is there: one that has spoken and is not there is gone.
	v, _ := l.g.View()
	if err := l.still(v); err != nil {
		return false, err
	}
	present, err := l.present(ctx)
	if err != nil || len(present) == 0 {
		return false, err
	}
	tasks, err := l.g.cfg.Tasks(ctx)
	if err != nil {
		return false, l.patiently(err)
	}
	group := assign.Group{Tasks: tasks, Present: present}
	var seen []string
	for id, r := range v.Members {
		if _, there := present[id]; there {
			group.Members = append(group.Members, assign.Member{
				ID: id, Instance: r.Instance, Acked: l.acked(r), Held: r.Held, Lag: r.Lag, Leaving: r.Leaving,
			})
			seen = append(seen, id)
		}
	}
	slices.SortFunc(group.Members, func(a, b assign.Member) int { return strings.Compare(a.ID, b.ID) })
	slices.Sort(seen)
	l.end(ctx, v, present)
	next, changed := assign.Next(l.last.Assignment, group, l.g.cfg.Assign)
	if !changed && slices.Equal(seen, l.last.Seen) {
		return l.finished(v), l.tidy(ctx, v, present)
	}
	if !changed {
		next.Version++
	}
	if err := l.g.write(ctx, mark{l.term, next.Version}.key(), decision{seen, next.Grants, next.Standbys}); err != nil {
		return false, err
	}
	l.last = &View{Assignment: next, Seen: seen}
	return false, l.tidy(ctx, v, present)
}

// finished says whether the leader is gone from everything, and no task is on its way any more: nobody would send on one that is
// until the next leader comes.
func (l *leader) finished(v *View) bool {
	if v.Members[l.term.member].Acked != Gone {
		return false
	}
	for _, g := range l.last.Assignment.Grants {
		if g.From != "" {
			return false
		}
	}
	return true
}

// acked is what a member obeys: one that is gone from everything obeys all that there is.
func (l *leader) acked(r Record) uint64 {
	if r.Acked == Gone {
		return l.last.Assignment.Version
	}
	return r.Acked
}

// present maps the ids of the members that are there to their instances.
func (l *leader) present(ctx context.Context) (map[string]string, error) {
	infos, err := l.g.cfg.Client.Members(ctx, l.g.cfg.App)
	if err != nil {
		return nil, l.patiently(err)
	}
	present := map[string]string{}
	for _, m := range infos {
		present[m.ID] = m.Instance
	}
	return present, nil
}

// patiently keeps the leader where no broker answers: nobody else could do better.
func (l *leader) patiently(err error) error {
	if errors.Is(err, transport.ErrUnreachable) || errors.Is(err, context.DeadlineExceeded) {
		l.g.cfg.Logger.Warn("members: " + err.Error())
		return nil
	}
	return err
}

// end has the transactions of instances ended that were expelled: else their tasks' next members wait for the transactions'
// time-out.
func (l *leader) end(ctx context.Context, v *View, present map[string]string) {
	here := map[string]bool{}
	for _, instance := range present {
		here[instance] = true
		delete(l.gone, instance)
	}
	for id, r := range v.Members {
		if _, told := l.gone[r.Instance]; !told && !here[r.Instance] && r.Acked != Gone && l.g.cfg.End != nil {
			l.g.cfg.Logger.Info("members: an instance is gone", "instance", r.Instance, "member", id)
			l.gone[r.Instance] = struct{}{}
			l.ends.Go(func() { l.g.cfg.End(ctx, r) })
		}
	}
}

// tidy deletes what members that are gone have said, and former leaders.
func (l *leader) tidy(ctx context.Context, v *View, present map[string]string) error {
	var keys []string
	for id := range v.Members {
		if _, there := present[id]; !there {
			keys = append(keys, memberKey+id)
		}
	}
	for _, t := range v.past() {
		keys = append(keys, t.key())
	}
	slices.Sort(keys)
	for _, k := range keys {
		if err := l.g.write(ctx, k, nil); err != nil {
			return err
		}
	}
	return nil
}
