package operator

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/murmur2"
	"github.com/millrace-go/millrace/serde"
)

// route sends the effects of a sink. It is the part of a sink that does not depend on types.
type route struct {
	ctx   *graph.Context
	n     *graph.Node
	part  serde.Partitioned // the key's serde, if it is one
	count int32             // partitions of the topic
	e     graph.Effect
}

// newRoute is a route that leads to one topic.
func newRoute(ctx *graph.Context, n *graph.Node, t *graph.Topic, part serde.Partitioned) (*route, error) {
	count, err := ctx.Partitions(t)
	return &route{ctx: ctx, n: n, part: part, count: count, e: graph.Effect{Topic: t}}, err
}

// to makes the route lead to the topic of that name.
func (r *route) to(name string) (err error) {
	if name == "" {
		return userError(r.n, errNoTopic)
	}
	r.e.Topic = r.ctx.TopicFunc(name)
	if r.count, err = r.ctx.Partitions(r.e.Topic); err != nil {
		return userError(r.n, err)
	}
	return nil
}

// emit sends the effect that a record was encoded into, or tells why it could not be.
func (r *route) emit(err error) error {
	if err != nil {
		return userError(r.n, err)
	}
	r.e.Partition = r.partition()
	return r.ctx.Emit(&r.e)
}

func (r *route) partition() int32 {
	if r.e.Key == nil || r.count <= 0 {
		return graph.AnyPartition
	}
	if r.count == 1 {
		return 0
	}
	if r.part != nil {
		return murmur2.Partition(r.part.PartitionBytes(r.e.Key), r.count)
	}
	return murmur2.Partition(r.e.Key, r.count)
}
