package stream

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/topology"
)

// Splitter hands each record to the first branch that wants it.
type Splitter[K, V any] struct {
	from  *Stream[K, V]
	node  *graph.Node
	preds []func(K, V) bool
	last  bool
}

// routed is a record on its way to one branch.
type routed[K, V any] struct {
	r      *graph.Record[K, V]
	branch int
}

// Split divides the stream: each record goes to the first branch whose predicate is true, to the default branch if none
// is, and nowhere if there is no default branch. A Splitter without branches is an error of Build.
//
// Cost: no repartition, no state. Nulls: predicates see a null value as nil; where V cannot be nil, null values go to
// the default branch without a call. Time and headers stay. Kafka Streams: KStream.split (KIP-418).
func (s *Stream[K, V]) Split[O topology.Opt](opts ...O) *Splitter[K, V] {
	c := s.call("split", topology.Options(opts))
	b := &Splitter[K, V]{from: s}
	c.G.OnBuild(func() {
		if len(b.preds) == 0 && !b.last {
			c.Errorf("no branch takes its records: call Branch or Default on it, or leave it out")
		}
	})
	hide := hides[V]()
	b.node = graph.Add(c.G, graph.Spec{Op: c.Op, Name: c.Name, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{s.s.Node}},
		func(_ *graph.Context, _ *graph.Node, next func(*routed[K, V]) error) (func(*graph.Record[K, V]) error, error) {
			var to routed[K, V]
			return func(r *graph.Record[K, V]) error {
				to = routed[K, V]{r, len(b.preds)}
				for i, p := range b.preds {
					if (!r.Null || !hide) && p(r.Key, r.Value) {
						to.branch = i
						break
					}
				}
				return next(&to)
			}, nil
		})
	return b
}

// Branch is the stream of the records that no branch before took and for which want is true. Branches are asked in the
// order of the calls.
//
// Cost, nulls and time: see Stream.Split. Kafka Streams: BranchedKStream.branch.
func (b *Splitter[K, V]) Branch(want func(K, V) bool, opts ...topology.Option) *Stream[K, V] {
	c := b.from.call("branch", opts)
	c.Check(want == nil, "predicate")
	if b.last {
		c.Errorf("a branch after the default one gets no records: put Default last")
	}
	b.preds = append(b.preds, want)
	return b.branch(c, len(b.preds)-1)
}

// Default is the stream of the records that no branch took. It comes last.
//
// Cost, nulls and time: see Stream.Split. Kafka Streams: BranchedKStream.defaultBranch.
func (b *Splitter[K, V]) Default(opts ...topology.Option) *Stream[K, V] {
	c := b.from.call("default-branch", opts)
	if b.last {
		c.Errorf("there is a default branch already: use that stream twice")
	}
	b.last = true
	return b.branch(c, len(b.preds))
}

func (b *Splitter[K, V]) branch(c *operator.Call, i int) *Stream[K, V] {
	n := graph.Add(c.G, graph.Spec{Op: c.Op, Name: c.Name, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{b.node}},
		func(_ *graph.Context, _ *graph.Node, next func(*graph.Record[K, V]) error) (func(*routed[K, V]) error, error) {
			return func(to *routed[K, V]) error {
				if to.branch != i {
					return nil
				}
				return next(to.r)
			}, nil
		})
	return b.from.keep(n)
}
