package testkit

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
}

type member struct {
	task *engine.Task
	id   engine.TaskID
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
		cfg := engine.Config{
			Disk: memdb.New(), Memory: memdb.New(), Emit: c.emit, Wall: o.start, RoundTrip: roundTrip, Context: ctx,
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
		task, err := engine.NewTask(cfg)
		if err != nil {
			return nil, err
		}
		m := &member{task, id}
		c.tasks = append(c.tasks, m)
		for _, t := range topics {
			name := t.FullName("")
			c.byInput[name] = append(c.byInput[name], m)
		}
	}
	return c, nil
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
			if err := m.task.Tick(c.wall); err != nil {
				return err
			}
			if err := c.commit(m, true); err != nil {
				return err
			}
		}
	}
	return c.settle(false)
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
			k, err := m.task.Process(1)
			if replay, ok := errors.AsType[*engine.ReplayError](err); ok {
				if err := c.replay(m, replay); err != nil {
					return err
				}
				k, err = 1, nil
			}
			if err != nil {
				return err
			}
			n += k
			if k > 0 || force {
				c.since += k
				if err := c.commit(m, force || c.since >= c.opts.commitEvery); err != nil {
					return err
				}
			}
		}
		if n == 0 && !force {
			return nil
		}
		force = false
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
		if err := m.task.Commit(nil); err != nil {
			return err
		}
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
		n += m.task.Counters().Dropped
	}
	return n
}
