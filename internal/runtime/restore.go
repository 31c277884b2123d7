package runtime

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
)

var errMoved = errors.New("runtime: the task went to another instance while it was restored")

// restoring is a changelog partition on its way to its end.
type restoring struct {
	log  *changelog
	from int64
	end  int64
	done bool
}

// restore brings the stores of a task up to date from their changelogs. It begins where the disk ends, and from the
// first record only if the topic was made anew, does not hold the offset any more, or has dropped tombstones since.
func (r *Runtime) restore(ctx context.Context, t *task) error {
	for {
		err := r.restoreOnce(ctx, t)
		if !errors.Is(err, transport.ErrPosition) {
			return err
		}
		r.log.Warn("runtime: a changelog lost records while it was read, by its retention or by hand: looking anew where to begin: "+err.Error(), "task", t.name)
	}
}

func (r *Runtime) restoreOnce(ctx context.Context, t *task) error {
	todo, err := r.survey(ctx, t)
	if err != nil || len(todo) == 0 {
		return err
	}
	var stores []string
	for _, x := range todo {
		stores = append(stores, x.log.store.Name)
	}
	p := r.restores.begin(time.Now(), t.name, stores, remaining(todo))
	err = t.load(remaining(todo) >= loadWorthwhile)
	if err == nil {
		err = errors.Join(r.replay(ctx, t, todo, p), t.engine.Settle())
	}
	if err == nil {
		err = t.load(false)
	}
	p.end(time.Now(), err)
	return err
}

// replay reads the changelogs to their ends.
func (r *Runtime) replay(ctx context.Context, t *task, todo map[transport.Partition]*restoring, p *progress) error {
	f, err := r.cfg.Client.NewFetcher(transport.FetcherConfig{Name: "restore " + t.name, Group: r.cfg.App})
	if err != nil {
		return err
	}
	defer f.Close()
	var at []transport.Position
	for p, x := range todo {
		at = append(at, transport.Position{Partition: p, Offset: x.from})
	}
	if err := f.Assign(at); err != nil {
		return err
	}
	stuck := stuckRestore{since: time.Now(), limit: max(time.Second, 2*r.cfg.Transaction)}
	for left := len(todo); left > 0; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !r.own.holds(t.slot, t.stamp) { // a long restore that nobody waits for keeps its successor waiting
			return errMoved
		}
		batches, err := f.Poll(100 * time.Millisecond)
		if err != nil {
			return err
		}
		for i := range batches {
			b := &batches[i]
			x := todo[b.Partition]
			x.log.pass(b)
			if err := t.engine.Gather(x.log.store, b.Records, x.log.next); err != nil {
				return err
			}
			p.read(len(b.Records))
			// The end is that of the position, not of the last record: control records count.
			if b.End && b.Next >= x.end && !x.done {
				x.done = true
				left--
			}
		}
		p.reached(time.Now(), remaining(todo))
		stuck.look(r.log, time.Now(), len(batches) > 0, todo)
	}
	return nil
}

// pass goes on to the end of a batch.
func (l *changelog) pass(b *transport.Batch) {
	if n := len(b.Records); n > 0 {
		l.next = b.Records[n-1].Offset + 1
	}
	if b.End {
		l.next = max(l.next, b.Next)
	}
}

// survey decides for each store where to begin, and wipes what cannot be gone on with.
func (r *Runtime) survey(ctx context.Context, t *task) (map[transport.Partition]*restoring, error) {
	var ps []transport.Partition
	var states []engine.StoreState
	for _, s := range t.engine.Stores() {
		if !s.Store.NoLog {
			states = append(states, s)
			ps = append(ps, transport.Partition{Topic: s.Store.Changelog.FullName(r.cfg.App), Index: t.id.Partition})
		}
	}
	if len(ps) == 0 {
		return nil, nil
	}
	starts, err := r.cfg.Client.Starts(ctx, ps)
	if err != nil {
		return nil, err
	}
	ends, err := r.cfg.Client.Ends(ctx, ps)
	if err != nil {
		return nil, err
	}
	t.logs = nil
	todo := map[transport.Partition]*restoring{}
	sealed := maps.Clone(t.dir.seal.Changelogs)
	for i, s := range states {
		p := ps[i]
		from, why := s.Offset, ""
		switch known := t.dir.seal.Changelogs[p.Topic]; {
		case from < 0:
		case known != r.topics.ids[p.Topic]:
			why = "its changelog was made anew"
		case from > ends[p] || from < starts[p]:
			why = "its changelog does not hold the offset any more"
		case time.Since(t.dir.seen) > deleteRetention && from < ends[p]:
			why = "it is so old that its changelog may have dropped deletions"
		}
		if why != "" {
			r.log.Warn("runtime: a store is restored from the start: "+why, "task", t.name, "store", s.Store.Name, "offset", from)
			from = -1
		}
		if from < 0 {
			if err := t.wipe(s.Store); err != nil {
				return nil, err
			}
			from = starts[p]
		}
		t.dir.seal.Changelogs[p.Topic] = r.topics.ids[p.Topic]
		x := &changelog{store: s.Store, topic: s.Store.Changelog, next: from}
		t.logs = append(t.logs, x)
		if from < ends[p] {
			todo[p] = &restoring{log: x, from: from, end: ends[p]}
		}
	}
	if maps.Equal(sealed, t.dir.seal.Changelogs) {
		return todo, nil // the seal keeps its time: the store is no younger than it was
	}
	return todo, t.dir.save()
}

// wipe empties a store for good: the seal must not vouch for rows that a crash could bring back.
func (t *task) wipe(s *graph.Store) error {
	if err := t.engine.Wipe(s); err != nil {
		return err
	}
	return t.engine.Flush()
}
