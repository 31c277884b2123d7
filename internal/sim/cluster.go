package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/millrace-go/millrace/internal/transport"
)

// cluster is what the brokers hold. Only the schedule's goroutine touches it.
type cluster struct {
	w      *World
	topics map[string]*topic
	made   int // topics
	coords map[string]*coordinated
	groups map[string]*group
	back   time.Time // until then no broker answers
}

type topic struct {
	id     string
	config map[string]string
	parts  []*partition
}

func newCluster(w *World) *cluster {
	return &cluster{w: w, topics: map[string]*topic{}, coords: map[string]*coordinated{}, groups: map[string]*group{}}
}

// away is for how long no broker answers.
func (c *cluster) away() time.Duration { return time.Until(c.back) }

func (c *cluster) create(s transport.TopicSpec) {
	if c.topics[s.Name] != nil {
		return
	}
	c.made++
	t := &topic{id: fmt.Sprint("topic", c.made), config: maps.Clone(s.Config)}
	c.topics[s.Name] = t
	t.grow(s.Partitions)
}

func (t *topic) grow(n int32) {
	for int32(len(t.parts)) < n {
		t.parts = append(t.parts, newPartition())
	}
}

// partition finds one, or nil.
func (c *cluster) partition(p transport.Partition) *partition {
	t := c.topics[p.Topic]
	if t == nil || int(p.Index) >= len(t.parts) || p.Index < 0 {
		return nil
	}
	return t.parts[p.Index]
}

func (c *cluster) count(topic string) int32 {
	if t := c.topics[topic]; t != nil {
		return int32(len(t.parts))
	}
	return 0
}

// group finds the coordinator's part of a group.
func (c *cluster) group(name string) *group {
	g := c.groups[name]
	if g == nil {
		g = newGroup(c, name)
		c.groups[name] = g
	}
	return g
}

// compactSome compacts a partition of a compacted topic, every now and then.
func (c *cluster) compactSome() {
	s := c.w.sched
	var ps []*partition
	for _, name := range slices.Sorted(maps.Keys(c.topics)) {
		if t := c.topics[name]; strings.Contains(t.config["cleanup.policy"], "compact") {
			ps = append(ps, t.parts...)
		}
	}
	if len(ps) > 0 {
		ps[s.rnd.IntN(len(ps))].compact()
	}
	s.after(s.some(s.climate.compact), "compact", nil, c.compactSome)
}

// some is a time about d long.
func (s *schedule) some(d time.Duration) time.Duration {
	return d/4 + time.Duration(s.rnd.Int64N(int64(d)*3/2))
}

// outage lets no broker answer for a while. A coordinator that comes back gives each member a whole session.
func (c *cluster) outage(d time.Duration) {
	c.back = time.Now().Add(d)
	c.w.sched.after(d, "the broker is back", nil, func() {
		for _, g := range c.groups {
			for _, j := range g.members {
				j.expires = time.Now().Add(j.session)
			}
		}
	})
}
