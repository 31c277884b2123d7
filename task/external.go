package task

import (
	"fmt"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/murmur2"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// External has each record's value worked on by t's workers and gives the stream of results: under the record's key, with
// its timestamp and headers. Results come as they are done, so those of one key may change their order. What is given up
// goes to the dead letters instead.
//
// A null is no work: it is passed on at once, as a null, and takes back what is pending under its key, so that a row that
// was deleted does not come back with a late result. A null result of a worker is a null.
//
// Cost: a request and two messages of a worker per attempt, and a store of what is pending with a changelog, named by
// topology.As or else after the task. The key may have changed before: requests go to the partition that the record is in,
// so External itself never repartitions. Of the other options, InMemory, WithoutChangelog and WithKeySerde apply.
//
// Time: time-outs and waits are of the wall clock and looked at every 100 ms; the event time of a result is its request's.
func External[K, In, Out any](s *stream.Stream[K, In], t Task[In, Out], o Options, opts ...topology.Option) *stream.Stream[K, Out] {
	in := s.Parts()
	c := operator.NewCall(in.G, "external", opts)
	if err := t.check(); err != nil {
		c.Errorf("%w", err)
	}
	o, err := o.complete()
	if err != nil {
		c.Errorf("task: %s: %w", t.Name, err)
	}
	if c.Name == "" {
		c.Name = t.Name
	}
	x := &external[K, In, Out]{
		c: c, t: t, o: o, ks: operator.Key(c, in.Key), in: orStock(t.Request), out: orStock(t.Result),
		requests: c.G.Topic(t.InputTopic(), graph.UserTopic), results: c.G.Topic(t.OutputTopic(), graph.UserTopic),
		dead: c.G.Topic(t.DeadTopic(), graph.UserTopic),
	}
	if len(x.requests.Writers) > 0 {
		c.Errorf("task: %q is used at %s already: define another task, with topics of its own", t.Name, x.requests.Writers[0].At)
	}
	x.store = operator.KeyValueStore(c, c.Name, serde.Bytes(), serde.Bytes())
	asks, answers := x.asks(in.Node), x.answers()
	c.G.CoPartition(in.Node, answers)
	core := x.core(asks, answers)
	x.sendRequests(core)
	x.sendDead(core)
	return stream.Of(graph.Stream[K, Out]{G: c.G, Node: x.giveResults(core), Key: x.ks, Value: x.out, Rekeyed: in.Rekeyed})
}

// external is one use of the operator while it is drawn.
type external[K, In, Out any] struct {
	c                       *operator.Call
	t                       Task[In, Out]
	o                       Options
	ks                      serde.Serde[K]
	in                      serde.Serde[In]
	out                     serde.Serde[Out]
	requests, results, dead *graph.Topic
	store                   *graph.Store
}

func (x *external[K, In, Out]) spec(op string, kind graph.Kind, parents ...*graph.Node) graph.Spec {
	return graph.Spec{Op: op, At: x.c.At, Kind: kind, Parents: parents}
}

// asks adds the node that turns records into events.
func (x *external[K, In, Out]) asks(parent *graph.Node) *graph.Node {
	nilable := store.Nilable[In]()
	return graph.Add(x.c.G, x.spec("task-asks", graph.ProcessorNode, parent),
		func(_ *graph.Context, n *graph.Node, next func(*event) error) (func(*graph.Record[K, In]) error, error) {
			return func(r *graph.Record[K, In]) error {
				e := event{what: asked, time: r.Timestamp, headers: r.Headers}
				var err error
				if !r.NullKey {
					if e.key, err = x.ks.Append([]byte{}, r.Key); err != nil {
						return &graph.UserError{Node: n, Err: fmt.Errorf("the key does not encode: %w", err)}
					}
				}
				if null := r.Null || nilable && store.IsNil(&r.Value); !null {
					if e.body, err = x.in.Append([]byte{}, r.Value); err != nil {
						return &graph.UserError{Node: n, Err: fmt.Errorf("the request's body does not encode: %w", err)}
					}
				}
				return next(&e)
			}, nil
		})
}

// answers adds the source of results. Their bytes are looked at by the core, which knows what to do about bad ones; their
// timestamps are of whatever client the worker has, so the event time inside counts.
func (x *external[K, In, Out]) answers() *graph.Node {
	call := &operator.Call{G: x.c.G, Op: "task-answers", At: x.c.At}
	call.Extractor = func(_, result []byte, _, partitionTime int64) int64 { return eventTime(result, max(0, partitionTime)) }
	src := operator.AddSource(call, x.results, serde.Bytes(), serde.Bytes())
	return graph.Add(x.c.G, x.spec("task-answers", graph.ProcessorNode, src),
		func(_ *graph.Context, _ *graph.Node, next func(*event) error) (func(*graph.Record[[]byte, []byte]) error, error) {
			return func(r *graph.Record[[]byte, []byte]) error {
				return next(&event{what: answered, body: r.Value})
			}, nil
		})
}

// core adds the node that keeps what is pending.
func (x *external[K, In, Out]) core(parents ...*graph.Node) *graph.Node {
	spec := x.spec("external", graph.ProcessorNode, parents...)
	spec.Name, spec.Stores = x.c.Name, []*graph.Store{x.store}
	return graph.Add(x.c.G, spec,
		func(ctx *graph.Context, n *graph.Node, next func(*outcome[Out]) error) (func(*event) error, error) {
			if err := x.checkPartitions(ctx); err != nil {
				return nil, err
			}
			kv, err := graph.OpenStore[*store.KeyValue[[]byte, []byte]](ctx, x.store)
			if err != nil {
				return nil, err
			}
			m := &machine[Out]{
				ctx: ctx, node: n, o: x.o, result: x.out, next: next, rows: newLedger(ctx, x.c.Name, kv), ids: newIdentity(ctx, x.c.Name),
			}
			ctx.Schedule(n, &graph.Punctuation{Clock: graph.WallClock, Interval: tick, Call: m.expire})
			return m.handle, nil
		})
}

// checkPartitions finds out before the first request that its answer could not come back.
func (x *external[K, In, Out]) checkPartitions(ctx *graph.Context) error {
	asked, err := ctx.Partitions(x.requests)
	if err != nil {
		return err
	}
	answered, err := ctx.Partitions(x.results)
	if err != nil {
		return err
	}
	if asked != answered {
		return fmt.Errorf("task: topic %s has %d partitions and %s has %d: both need as many as the stream that feeds the task",
			x.requests.Name, asked, x.results.Name, answered)
	}
	return nil
}

// sendRequests adds the sink of requests: each to the partition of the task that keeps it.
func (x *external[K, In, Out]) sendRequests(core *graph.Node) {
	spec := x.spec("task-requests", graph.SinkNode, core)
	spec.Topic = x.requests
	graph.Add(x.c.G, spec,
		func(ctx *graph.Context, _ *graph.Node, _ func(*struct{}) error) (func(*outcome[Out]) error, error) {
			e := graph.Effect{Topic: x.requests, Partition: ctx.TaskPartition}
			codec := requestSerde[[]byte]{serde.Bytes()}
			var b []byte
			return func(o *outcome[Out]) error {
				if o.what != requested {
					return nil
				}
				b, _ = codec.Append(b[:0], o.p.request(o.id, x.o)) // bytes always encode
				// By the wall clock, so that a topic's retention does not take away the requests of old events.
				e.Key, e.Value, e.Headers, e.Timestamp = o.p.key, b, o.p.headers, ctx.WallTime
				return ctx.Emit(&e)
			}, nil
		})
}

// sendDead adds the sink of what is given up.
func (x *external[K, In, Out]) sendDead(core *graph.Node) {
	spec := x.spec("task-dead", graph.SinkNode, core)
	spec.Topic = x.dead
	graph.Add(x.c.G, spec,
		func(ctx *graph.Context, _ *graph.Node, _ func(*struct{}) error) (func(*outcome[Out]) error, error) {
			count, err := ctx.Partitions(x.dead)
			if err != nil {
				return nil, err
			}
			codec := deadSerde[[]byte]{serde.Bytes()}
			return func(o *outcome[Out]) error {
				if o.what != givenUp {
					return nil
				}
				b, _ := codec.Append(nil, o.p.dead(o.id, x.t.Name, o.reason, ctx.WallTime)) // bytes always encode
				e := graph.Effect{Topic: x.dead, Partition: graph.AnyPartition, Key: o.p.key, Value: b, Headers: o.p.headers, Timestamp: o.p.time}
				if e.Key != nil && count > 0 {
					e.Partition = murmur2.Partition(serde.PartitionBytes(x.ks, e.Key), count)
				}
				return ctx.Emit(&e)
			}, nil
		})
}

// giveResults adds the node that the user's stream goes on from.
func (x *external[K, In, Out]) giveResults(core *graph.Node) *graph.Node {
	n := graph.Add(x.c.G, x.spec("task-results", graph.ProcessorNode, core),
		func(_ *graph.Context, n *graph.Node, next func(*graph.Record[K, Out]) error) (func(*outcome[Out]) error, error) {
			return func(o *outcome[Out]) error {
				if o.what != done {
					return nil
				}
				r := graph.Record[K, Out]{
					NullKey: o.p.key == nil, Value: o.value, Null: o.null, Raw: o.raw, Timestamp: o.p.time, Headers: o.p.headers,
				}
				if !r.NullKey {
					var err error
					if r.Key, err = x.ks.Decode(o.p.key); err != nil {
						return &graph.UserError{Node: n, Err: fmt.Errorf("the key serde does not decode what it encoded: %w", err)}
					}
				}
				return next(&r)
			}, nil
		})
	operator.RoundTrip[K](n, x.out)
	return n
}
