package operator

import (
	"fmt"

	"github.com/millrace-go/millrace/internal/graph"
)

// partitioner is the call's choice of partitions, nil if it leaves that to the keys.
func partitioner[K, V any](c *Call) func(K, V, int32) int32 {
	choose, ok := c.Partitioner.(func(K, V, int32) int32)
	if c.Partitioner != nil && !ok {
		c.Errorf("the partitioner is a %T, not one for the records' types: give a %T", c.Partitioner, choose)
	}
	return choose
}

// chosen sends records to the partitions that choose gives them.
func chosen[K, V any](
	enc *encoder[K, V], out *route, choose func(K, V, int32) int32, dropNullKeys bool,
) func(*graph.Record[K, V]) error {
	return func(r *graph.Record[K, V]) error {
		if r.NullKey && dropNullKeys {
			return nil
		}
		if out.count <= 0 {
			return out.emit(enc.encode(&out.e, r))
		}
		return out.emitTo(choose(r.Key, r.Value, out.count), enc.encode(&out.e, r))
	}
}

// emitTo is emit to a partition that the user chose.
func (r *route) emitTo(partition int32, err error) error {
	if err == nil && (partition < 0 || partition >= r.count) {
		err = fmt.Errorf("the partitioner chose partition %d of topic %q: return one from 0 to %d", partition, r.e.Topic.Name, r.count-1)
	}
	if err != nil {
		return userError(r.n, err)
	}
	r.e.Partition = partition
	return r.ctx.Emit(&r.e)
}
