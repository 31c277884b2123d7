package sim

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/millrace-go/millrace/internal/transport"
)

// adminPatience bounds a question to the cluster.
const adminPatience = 15 * time.Second

// admin asks the cluster something.
func (p *process) admin(key string, do func(c *cluster) error) error {
	return p.call(call{key: key, patience: adminPatience, do: func() error {
		return p.unreachable(func() error { return do(p.w.cluster) })
	}})
}

// Topics implements [transport.Admin].
func (p *process) Topics(_ context.Context, names []string) (map[string]transport.Topic, error) {
	found := map[string]transport.Topic{}
	names = slices.Sorted(slices.Values(names)) // the caller may have them from a map
	err := p.admin(fmt.Sprint("topics ", names), func(c *cluster) error {
		for _, n := range names {
			if t := c.topics[n]; t != nil {
				found[n] = transport.Topic{ID: t.id, Partitions: c.count(n)}
			}
		}
		return nil
	})
	return found, err
}

// Create implements [transport.Admin].
func (p *process) Create(_ context.Context, specs []transport.TopicSpec) error {
	specs = slices.Clone(specs)
	return p.admin(fmt.Sprint("create ", specs), func(c *cluster) error {
		for _, s := range specs {
			c.create(s)
		}
		return nil
	})
}

// Configs implements [transport.Admin].
func (p *process) Configs(_ context.Context, names []string) (map[string]map[string]string, error) {
	found := map[string]map[string]string{}
	err := p.admin(fmt.Sprint("configs ", names), func(c *cluster) error {
		for _, n := range names {
			if t := c.topics[n]; t != nil {
				found[n] = maps.Clone(t.config)
			}
		}
		return nil
	})
	return found, err
}

// Starts implements [transport.Admin].
func (p *process) Starts(_ context.Context, ps []transport.Partition) (map[transport.Partition]int64, error) {
	return p.offsets("starts", ps, func(q *partition) int64 { return q.start })
}

// Ends implements [transport.Admin].
func (p *process) Ends(_ context.Context, ps []transport.Partition) (map[transport.Partition]int64, error) {
	return p.offsets("ends", ps, func(q *partition) int64 { return q.end })
}

func (p *process) offsets(what string, ps []transport.Partition, of func(*partition) int64) (map[transport.Partition]int64, error) {
	found := map[transport.Partition]int64{}
	ps = slices.SortedFunc(slices.Values(ps), order) // as above
	err := p.admin(fmt.Sprint(what, " ", ps), func(c *cluster) error {
		for _, q := range ps {
			part := c.partition(q)
			if part == nil {
				return fmt.Errorf("sim: %v: %w", q, transport.ErrTopic)
			}
			found[q] = of(part)
		}
		return nil
	})
	return found, err
}

// Purge implements [transport.Admin].
func (p *process) Purge(_ context.Context, ps []transport.Position) error {
	ps = slices.Clone(ps)
	return p.admin(fmt.Sprint("purge ", ps), func(c *cluster) error {
		for _, q := range ps {
			if part := c.partition(q.Partition); part != nil {
				part.purge(q.Offset)
			}
		}
		return nil
	})
}

// Members implements [transport.Admin].
func (p *process) Members(_ context.Context, name string) (list []transport.MemberInfo, err error) {
	err = p.admin("members", func(c *cluster) error {
		list = nil
		for _, j := range c.group(name).sorted() {
			list = append(list, transport.MemberInfo{ID: j.id, ClientID: j.clientID, Instance: j.instance, Host: "sim"})
		}
		return nil
	})
	return list, err
}
