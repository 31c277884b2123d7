package testkit

import (
	"slices"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/murmur2"
)

// route is a topic on its way to those that read it.
type route struct {
	topic   string
	readers []*member
	global  *graph.Global // the table that it fills; nil: none
	ends    []int64       // by partition: the offset of the next record
	nulls   int64         // records without a key, which go round the partitions
}

// route is the topic's, nil if nothing reads it.
func (c *cluster) route(t *graph.Topic) *route {
	if t.Dynamic { // its name is the record's choice
		return c.routes[t.Name]
	}
	r, known := c.byTopic[t]
	if !known {
		r = c.routes[t.FullName("")]
		c.byTopic[t] = r
	}
	return r
}

// lead makes the routes.
func (c *cluster) lead(read map[string][]*member) {
	c.routes, c.byTopic = map[string]*route{}, map[*graph.Topic]*route{}
	for name, readers := range read {
		c.routes[name] = &route{topic: name, readers: readers, ends: make([]int64, c.partitionsOf(name))}
	}
	for _, x := range c.g.Globals {
		name := x.Topic.FullName("")
		c.routes[name] = &route{topic: name, global: x, ends: make([]int64, c.partitionsOf(name))}
	}
}

func (c *cluster) partitionsOf(topic string) int32 {
	for t, n := range c.counts {
		if t.FullName("") == topic {
			return n
		}
	}
	if n, ok := c.opts.perTopic[topic]; ok {
		return n
	}
	return c.opts.partitions
}

// deliver appends a record to a topic that is read. A global table takes it in at once.
func (c *cluster) deliver(to *route, partition int32, r graph.Raw) error {
	if partition < 0 {
		n := int32(len(to.ends))
		if r.Key != nil {
			partition = murmur2.Partition(r.Key, n)
		} else {
			partition = int32(to.nulls % int64(n))
			to.nulls++
		}
	}
	if more := int(partition) + 1 - len(to.ends); more > 0 {
		to.ends = slices.Concat(to.ends, make([]int64, more))
	}
	r.Offset, r.Partition = to.ends[partition], partition
	to.ends[partition]++
	if to.global != nil {
		return c.globals.Apply(to.global, partition, []graph.Raw{r}, to.ends[partition])
	}
	for _, m := range to.readers {
		if c.opts.single || m.id.Partition == partition {
			m.task.Add(to.topic, r)
			m.fed[to.topic] = append(m.fed[to.topic], r)
		}
	}
	return nil
}
