package testkit

import (
	"context"
	"errors"
	"fmt"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
)

// cluster is the tasks of a topology with an in-memory log between them.
type cluster struct {
	g        *graph.Graph
	opts     options
	counts   map[*graph.Topic]int32
	tasks    []*member
	routes   map[string]*route // of the topics that are read
	byTopic  map[*graph.Topic]*route
	globals  *engine.Globals
	wall     int64
	pending  []graph.Effect
	produced []Produced
	skips    []string
	since    int
	replays  int                  // records that were taken back since they failed
	commits  int                  // so far, those that were interrupted included
	armed    map[int]Interruption // by the number of the commit
}

// member is a task, and what stands of its work.
type member struct {
	task    *engine.Task
	id      engine.TaskID
	cfg     engine.Config
	fed     map[string][]graph.Raw // by topic: what it was given lately, all that it has not committed included
	logs    map[*graph.Topic]*changelog
	offsets map[*graph.Store]int64 // how much of the changelogs is committed
	wall    int64                  // at its last commit
	// Records dropped: as of the last commit, and by the tasks before this one.
	dropped, earlier int64
}

func newCluster(ctx context.Context, g *graph.Graph, o options, roundTrip bool) (*cluster, error) {
	count := func(topic string) (int32, error) {
		if n, ok := o.perTopic[topic]; ok {
			return n, nil
		}
		return o.partitions, nil
	}
	plan, err := engine.NewPlan(g, count)
	if err != nil {
		return nil, err
	}
	c := &cluster{g: g, opts: o, counts: plan.Counts, wall: o.start}
	if c.globals, err = newGlobals(c); err != nil {
		return nil, err
	}
	read := map[string][]*member{}
	ids := plan.Tasks()
	if o.single {
		ids = []engine.TaskID{{}}
	}
	for _, id := range ids {
		disk, err := c.newDisk()
		if err != nil {
			return nil, err
		}
		cfg := engine.Config{
			Disk: disk, Memory: memdb.New(), Wall: o.start, RoundTrip: roundTrip, Context: ctx,
			UserCount: count, Skipped: c.skip, Globals: c.globals,
		}
		if o.skipErrors {
			cfg.OnDecode, cfg.OnProcess = ignore, ignore
		}
		topics := plan.Sources(id)
		if o.single {
			cfg.Nodes, cfg.Stores, cfg.Counts = g.Nodes, g.Stores, plan.Counts
			topics = topics[:0]
			for _, s := range plan.Subs {
				topics = append(topics, s.Sources()...)
			}
		} else {
			cfg = plan.Config(id, cfg)
		}
		m := &member{
			id: id, cfg: cfg, wall: o.start, fed: map[string][]graph.Raw{}, logs: map[*graph.Topic]*changelog{}, offsets: map[*graph.Store]int64{},
		}
		m.cfg.Emit = func(e *graph.Effect) error { return c.emit(m, e) }
		if err := c.open(m); err != nil {
			return nil, err
		}
		c.tasks = append(c.tasks, m)
		for _, t := range topics {
			name := t.FullName("")
			read[name] = append(read[name], m)
		}
	}
	c.lead(read)
	return c, nil
}

// open makes the member's task.
func (c *cluster) open(m *member) (err error) {
	if m.task, err = engine.NewTask(m.cfg); err != nil {
		return err
	}
	for _, s := range m.task.Stores() {
		if s.Store.Changelog != nil {
			m.offsets[s.Store] += 0 // known from now on
		}
	}
	return nil
}

func (c *cluster) newDisk() (db.DB, error) {
	if c.opts.disk == nil {
		return memdb.New(), nil
	}
	return c.opts.disk()
}

func (c *cluster) skip(s engine.Skip) { c.skips = append(c.skips, skipped(c.g, s)) }

func ignore(*engine.RecordError) engine.Verdict { return engine.Ignore }

func (c *cluster) emit(m *member, e *graph.Effect) error {
	if e.Topic.Role == graph.Changelog {
		log := m.logs[e.Topic]
		if log == nil {
			log = &changelog{}
			m.logs[e.Topic] = log
		}
		log.append(e)
		return nil
	}
	x := *e
	x.Key, x.Value = clones(e.Key, e.Value)
	c.pending = append(c.pending, x)
	return nil
}

// clones copies both into one piece of memory, and keeps nil nil and empty empty.
func clones(key, value []byte) (k, v []byte) {
	b := append(append(make([]byte, 0, len(key)+len(value)), key...), value...)
	n := len(key)
	if key != nil {
		k = b[:n:n]
	}
	if value != nil {
		v = b[n:]
	}
	return k, v
}

// clone keeps nil nil and empty empty.
func clone(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}

func (c *cluster) run(s step) error {
	switch {
	case s.commit:
		return c.settle(true)
	case s.interrupt != 0:
		return c.arm(s)
	case s.topic != "":
		to := c.routes[s.topic]
		if to == nil {
			return fmt.Errorf("the topology does not read topic %q: it reads %s", s.topic, list(userTopics(c.g, reads)))
		}
		if n := int32(len(to.ends)); s.partition >= n {
			return fmt.Errorf("topic %q has no partition %d: give it more with testkit.Partitions, it has %d", s.topic, s.partition, n)
		}
		if err := c.deliver(to, s.partition, s.rec); err != nil {
			return err
		}
	default:
		c.wall += s.advance.Milliseconds()
		for _, m := range c.tasks {
			if err := c.tick(m); err != nil {
				return err
			}
		}
	}
	return c.settle(false)
}

// tick tells a task the time until it has committed what that leads to.
func (c *cluster) tick(m *member) error {
	for {
		skips := len(c.skips)
		if err := m.task.Tick(c.wall); err != nil {
			return err
		}
		if again, err := c.interrupted(m, skips); err != nil {
			return err
		} else if !again {
			return c.commit(m, true)
		}
	}
}

// settle processes until nothing is left to do.
func (c *cluster) settle(force bool) error {
	for {
		n := 0
		for _, m := range c.tasks {
			k, err := c.advance(m, force)
			if err != nil {
				return err
			}
			n += k
		}
		if n == 0 && !force {
			return nil
		}
		force = false
	}
}

// advance has a task process a record, if it has one, until that is committed.
func (c *cluster) advance(m *member, force bool) (int, error) {
	for {
		skips := len(c.skips)
		k, err := m.task.Process(1)
		if replay, ok := errors.AsType[*engine.ReplayError](err); ok {
			if err := c.replay(m, replay); err != nil {
				return 0, err
			}
			continue
		}
		if err != nil {
			return 0, err
		}
		if k == 0 && !force {
			return 0, nil
		}
		if again, err := c.interrupted(m, skips); err != nil {
			return 0, err
		} else if again {
			continue
		}
		c.since += k
		return k, c.commit(m, force || c.since >= c.opts.commitEvery)
	}
}

// replay drops a record that had begun to take effect. With a commit after each record there is nothing else to lose;
// the records that wait are kept.
func (c *cluster) replay(m *member, r *engine.ReplayError) error {
	if c.opts.commitEvery > 1 {
		return fmt.Errorf("a record failed after it had begun to take effect, and the testkit takes that back only with a commit after each "+
			"record: leave testkit.CommitEvery out: %w", r.Record)
	}
	c.pending = c.pending[:0]
	c.replays++
	m.task.Drop(r.Record)
	m.task.Rewind()
	return nil
}

// commit ends what a task did since its last commit: effects go to their topics once it is done.
func (c *cluster) commit(m *member, due bool) error {
	if due {
		c.since = 0
		if err := m.task.Prepare(); err != nil {
			return err
		}
		for store := range m.offsets {
			if log := m.logs[store.Changelog]; log != nil {
				m.offsets[store] = int64(len(log.marks))
			}
		}
		if err := m.task.Commit(m.offsets); err != nil {
			return err
		}
		c.stand(m)
	}
	for i := range c.pending { // delivering processes nothing, so nothing is added meanwhile
		e := &c.pending[i]
		if e.Topic.Role == graph.UserTopic {
			c.produced = append(c.produced, Produced{e.Topic.Name, max(0, e.Partition), e.Key, e.Value, e.Timestamp, e.Headers})
		}
		if to := c.route(e.Topic); to != nil {
			if err := c.deliver(to, e.Partition, graph.Raw{Key: e.Key, Value: e.Value, Headers: e.Headers, Timestamp: e.Timestamp}); err != nil {
				return err
			}
		}
	}
	c.pending = c.pending[:0]
	return nil
}

func (c *cluster) dropped() int64 {
	n := c.globals.Dropped()
	for _, m := range c.tasks {
		n += m.earlier + m.task.Counters().Dropped
	}
	return n
}
