package runtime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
)

// open makes a task ready to run: its stores up to date, its positions and its checkpoint those of the last commit. A standby
// of it goes on from where it is.
func (r *Runtime) open(ctx context.Context, id engine.TaskID, slot int32, stamp uint64) (*task, error) {
	t := r.standbys.claim(slot)
	if t != nil {
		r.log.Info("runtime: a standby takes over", "task", t.name)
	}
	for again := false; ; again = true {
		var err error
		if t == nil {
			t, err = r.build(ctx, id, slot)
		}
		t.stamp, t.flushed = stamp, time.Now()
		if err == nil {
			err = r.fill(ctx, t)
		}
		if err == nil {
			return t, nil
		}
		closed := t.close()
		if again || !r.condemn(t.dir, err) {
			return nil, errors.Join(fmt.Errorf("runtime: open task %s: %w", t.name, err), closed)
		}
		t = nil
	}
}

// build opens the stores of a task as they are on the disk. What it returns is to be closed, also after an error.
func (r *Runtime) build(ctx context.Context, id engine.TaskID, slot int32) (t *task, err error) {
	t = &task{id: id, name: taskName(r.plan, id), slot: slot, flushed: time.Now()}
	if t.dir, err = r.dir.task(t.slot, t.name); err != nil {
		return t, err
	}
	cfg := r.plan.Config(t.id, engine.Config{
		Emit: t.sink, Wall: time.Now().UnixMilli(), Context: ctx,
		UserCount: func(topic string) (int32, error) { return r.topics.count(ctx, topic) },
		Skipped:   r.skips.record,
		OnDecode:  r.cfg.OnDecode, OnProcess: r.cfg.OnProcess, OnProduce: r.cfg.OnProduce, DeadLetters: r.cfg.DeadLetters,
	})
	if g := r.globals.Load(); g != nil {
		cfg.Globals = g.tables
	}
	if cfg.Disk, cfg.Memory, err = r.openStores(t, cfg.Stores); err != nil {
		return t, err
	}
	t.disk = cfg.Disk
	if t.engine, err = engine.NewTask(cfg); err != nil {
		return t, err
	}
	topics := r.plan.Sources(t.id)
	for _, tp := range topics {
		t.sources = append(t.sources, &source{
			t: t, topic: tp.FullName(""), p: transport.Partition{Topic: tp.FullName(r.cfg.App), Index: t.id.Partition},
			topicID: r.topics.read[tp.FullName(r.cfg.App)].ID, role: tp.Role, alone: len(topics) == 1,
		})
	}
	return t, nil
}

// fill reads what the broker has of a task.
func (r *Runtime) fill(ctx context.Context, t *task) error {
	if err := r.loadPositions(ctx, t); err != nil { // before the changelogs' ends are read
		return err
	}
	if err := r.restore(ctx, t); err != nil {
		return err
	}
	t.whole, t.settled, t.dir.seen = true, tallyOf(t.engine), time.Now()
	return nil
}

func (r *Runtime) openStores(t *task, stores []*graph.Store) (disk, memory db.DB, err error) {
	for _, s := range stores {
		switch {
		case s.Memory && memory == nil:
			memory = memdb.New()
		case !s.Memory && disk == nil:
			if disk, err = r.openDB(t.dir.db()); err != nil {
				return nil, nil, err
			}
		}
	}
	return disk, memory, nil
}

// loadPositions reads what was committed, waiting for transactions that are about to change it.
func (r *Runtime) loadPositions(ctx context.Context, t *task) error {
	ps := make([]transport.Partition, len(t.sources))
	for i, s := range t.sources {
		ps[i] = s.p
	}
	committed, err := r.member.Committed(ctx, ps)
	if err != nil {
		return err
	}
	starts, err := r.cfg.Client.Starts(ctx, ps)
	if err != nil {
		return err
	}
	ends, err := r.cfg.Client.Ends(ctx, ps)
	if err != nil {
		return err
	}
	at := map[transport.Partition]transport.Position{}
	for _, p := range committed {
		at[p.Partition] = p
	}
	var checkpoint []byte
	for _, s := range t.sources {
		p, ok := at[s.p]
		saved, topicID := splitMetadata(p.Metadata)
		switch {
		case !ok || p.Offset == transport.None:
			p.Offset = starts[s.p]
		case topicID != "" && s.topicID != "" && topicID != s.topicID:
			r.log.Warn("runtime: the topic was made anew since its offset was committed: going on from its first record",
				"topic", s.p.Topic, "partition", s.p.Index, "offset", p.Offset, "first", starts[s.p])
			p.Offset = starts[s.p]
		case p.Offset > ends[s.p] || p.Offset < starts[s.p]:
			r.log.Warn("runtime: the committed offset is not in the topic any more: going on from its first record",
				"topic", s.p.Topic, "partition", s.p.Index, "offset", p.Offset, "first", starts[s.p], "end", ends[s.p])
			p.Offset = starts[s.p]
		}
		s.fetched = p.Offset
		s.committed.Store(p.Offset)
		t.engine.SetPosition(s.topic, p.Offset)
		s.expect()
		if checkpoint == nil {
			if checkpoint, err = decodeCheckpoint(saved); err != nil {
				return err
			}
		}
	}
	return t.engine.LoadCheckpoint(checkpoint)
}
