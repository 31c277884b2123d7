package testkit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/murmur2"
)

// cluster is the tasks of a topology with an in-memory log between them.
type cluster struct {
	g        *graph.Graph
	opts     options
	counts   map[*graph.Topic]int32
	tasks    []*member
	byInput  map[string][]*member // by topic: the tasks that read it
	globals  *engine.Globals
	wall     int64
	ends     map[string]int64 // per topic and partition
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
	fed     map[string][]graph.Raw       // by topic: what it was given and has not committed
	logs    map[*graph.Topic][]graph.Raw // changelogs
	offsets map[*graph.Store]int64
	wall    int64 // at its last commit
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
	c := &cluster{g: g, opts: o, counts: plan.Counts, byInput: map[string][]*member{}, ends: map[string]int64{}, wall: o.start}
	if c.globals, err = newGlobals(c); err != nil {
		return nil, err
	}
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
			Disk: disk, Memory: memdb.New(), Emit: c.emit, Wall: o.start, RoundTrip: roundTrip, Context: ctx,
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
			id: id, cfg: cfg, wall: o.start, fed: map[string][]graph.Raw{}, logs: map[*graph.Topic][]graph.Raw{}, offsets: map[*graph.Store]int64{},
		}
		if err := c.open(m); err != nil {
			return nil, err
		}
		c.tasks = append(c.tasks, m)
		for _, t := range topics {
			name := t.FullName("")
			c.byInput[name] = append(c.byInput[name], m)
		}
	}
	return c, nil
}

// open makes the member's task.
func (c *cluster) open(m *member) (err error) {
	m.task, err = engine.NewTask(m.cfg)
	return err
}

func (c *cluster) newDisk() (db.DB, error) {
	if c.opts.disk == nil {
		return memdb.New(), nil
	}
	return c.opts.disk()
}

func (c *cluster) skip(s engine.Skip) { c.skips = append(c.skips, skipped(c.g, s)) }

func ignore(*engine.RecordError) engine.Verdict { return engine.Ignore }

func (c *cluster) emit(e *graph.Effect) error {
	x := *e
	x.Key, x.Value = clone(e.Key), clone(e.Value)
	c.pending = append(c.pending, x)
	return nil
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
		if !c.read(s.topic) {
			return fmt.Errorf("the topology does not read topic %q: it reads %s", s.topic, list(userTopics(c.g, reads)))
		}
		if n := c.partitionsOf(s.topic); s.partition >= n {
			return fmt.Errorf("topic %q has no partition %d: give it more with testkit.Partitions, it has %d", s.topic, s.partition, n)
		}
		if err := c.deliver(s.topic, s.partition, s.rec); err != nil {
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

// read reports whether the topology reads a topic.
func (c *cluster) read(topic string) bool {
	return len(c.byInput[topic]) > 0 || globalOf(c.g, topic) != nil
}

// deliver appends a record to a topic that is read. A global table takes it in at once.
func (c *cluster) deliver(topic string, partition int32, r graph.Raw) error {
	readers := c.byInput[topic]
	if partition < 0 {
		n := c.partitionsOf(topic)
		if r.Key != nil {
			partition = murmur2.Partition(r.Key, n)
		} else {
			partition = int32(c.ends[topic+"/null"] % int64(n))
			c.ends[topic+"/null"]++
		}
	}
	end := fmt.Sprintf("%s/%d", topic, partition)
	r.Offset, r.Partition = c.ends[end], partition
	c.ends[end]++
	if x := globalOf(c.g, topic); x != nil {
		return c.globals.Apply(x, partition, []graph.Raw{r}, c.ends[end])
	}
	for _, m := range readers {
		if c.opts.single || m.id.Partition == partition {
			m.task.Add(topic, r)
			m.fed[topic] = append(m.fed[topic], r)
		}
	}
	return nil
}

func (c *cluster) partitionsOf(topic string) int32 {
	for t, n := range c.counts {
		if t.FullName("") == topic {
			return n
		}
	}
	return c.opts.partitions
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
			k, err = 1, nil
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
		for i := range c.pending {
			if e := &c.pending[i]; e.Topic.Role == graph.Changelog {
				m.logs[e.Topic] = append(m.logs[e.Topic], graph.Raw{Key: e.Key, Value: e.Value, Timestamp: e.Timestamp})
			}
		}
		if err := m.task.Commit(m.ends()); err != nil {
			return err
		}
		c.stand(m)
	}
	effects := slices.Clone(c.pending)
	c.pending = c.pending[:0]
	for i := range effects {
		e := &effects[i]
		if e.Topic.Role == graph.UserTopic {
			c.produced = append(c.produced, Produced{e.Topic.Name, max(0, e.Partition), e.Key, e.Value, e.Timestamp, e.Headers})
		}
		name := e.Topic.FullName("")
		if c.read(name) {
			if err := c.deliver(name, e.Partition, graph.Raw{Key: e.Key, Value: e.Value, Headers: e.Headers, Timestamp: e.Timestamp}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *cluster) dropped() int64 {
	n := c.globals.Dropped()
	for _, m := range c.tasks {
		n += m.earlier + m.task.Counters().Dropped
	}
	return n
}
