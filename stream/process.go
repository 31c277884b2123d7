package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/topology"
)

// ProcessValues is MapValues that sees the whole record and may fail: an error goes to the processing error handler,
// with the record's topic, partition and offset. ctx ends when the task is stopped.
//
// Cost: no repartition, no state. Nulls: f is called for every record; Record.Null and Record.NullKey say what is
// absent. A nil R is a null. Time and headers stay. Kafka Streams: KStream.processValues, of a processor that forwards
// one value (KIP-820); with stores, see [Stream.ProcessFixedKey].
func (s *Stream[K, V]) ProcessValues[R any](f func(ctx context.Context, r Record[K, V]) (R, error), opts ...topology.Option) *Stream[K, R] {
	c := s.call("process-values", opts)
	c.Check(f == nil, "callback")
	nilable := store.Nilable[R]()
	n := add(s, c, nil, func(ctx *graph.Context, n *graph.Node, next func(*graph.Record[K, R]) error) (func(*graph.Record[K, V]) error, error) {
		var o graph.Record[K, R]
		return func(r *graph.Record[K, V]) error {
			v, err := f(ctx.Std(), recordOf(ctx, r))
			if err != nil {
				return &graph.UserError{Node: n, Err: err}
			}
			o = graph.Record[K, R]{Key: r.Key, NullKey: r.NullKey, Value: v, Timestamp: r.Timestamp, Headers: r.Headers}
			o.Null = nilable && store.IsNil(&o.Value)
			return next(&o)
		}, nil
	})
	return &Stream[K, R]{graph.Stream[K, R]{G: s.s.G, Node: n, Key: s.s.Key, Rekeyed: s.s.Rekeyed}}
}

// Context is what a processor made by [Stream.Process] works with. It belongs to one task and is used by one goroutine at
// a time, the task's.
type Context[K, V any] struct {
	c    *graph.Context
	n    *graph.Node
	next func(*graph.Record[K, V]) error
	o    graph.Record[K, V]
}

// Forward sends a record to the operators after this one and returns when they are done with it. Its Topic, Partition
// and Offset are not looked at. For a K or V that can be nil, nil means null, whatever NullKey and Null say. Its time
// and headers are the caller's to set; a negative time is an error, as in Kafka Streams. Kafka Streams:
// ProcessorContext.forward.
func (c *Context[K, V]) Forward(r Record[K, V]) error {
	if r.Timestamp < 0 {
		return fmt.Errorf("stream: forward a record at %d: give it a time from 0, the epoch, on (stream time is -1 before the first record)", r.Timestamp)
	}
	o := &c.o
	*o = graph.Record[K, V]{Key: r.Key, Value: r.Value, NullKey: r.NullKey, Null: r.Null, Timestamp: r.Timestamp, Headers: r.Headers}
	if store.Nilable[K]() {
		o.NullKey = store.IsNil(&o.Key)
	}
	if store.Nilable[V]() {
		o.Null = store.IsNil(&o.Value)
	}
	return c.next(o)
}

// StreamTime is the highest timestamp that the task has processed, -1 before its first record. It counts the record
// being processed.
func (c *Context[K, V]) StreamTime() int64 { return c.c.StreamTime }

// WallTime is the time of day in milliseconds since the epoch, as the driver tells it: the testkit's is the test's.
func (c *Context[K, V]) WallTime() int64 { return c.c.WallTime }

// Partition is the task's: the partition of each topic that it reads.
func (c *Context[K, V]) Partition() int32 { return c.c.TaskPartition }

// Task is for the stores of package state.
func (c *Context[K, V]) Task() *graph.Context { return c.c }

// Skip counts the record being processed as dropped and has it logged with its topic, partition, offset and the reason.
// Kafka Streams' own operators count such records as dropped-records (KIP-444).
func (c *Context[K, V]) Skip(reason string) { c.c.Skip(c.n, reason) }

// Every calls f at intervals of wall-clock time, of whole milliseconds and at least one; a call that is late is made
// once. The returned func ends it. What it does is committed like a record. Kafka Streams: ProcessorContext.schedule
// with WALL_CLOCK_TIME (KIP-138).
func (c *Context[K, V]) Every(interval time.Duration, f func(now int64) error) (cancel func()) {
	return c.schedule(graph.WallClock, nil, interval, f)
}

// EveryFrom is [Context.Every] at fixed times: start, in milliseconds since the epoch, and whole intervals after it; on the hour,
// say. A start that is past is not made up for. Kafka Streams: ProcessorContext.schedule with a start time (KIP-1146).
func (c *Context[K, V]) EveryFrom(start int64, interval time.Duration, f func(now int64) error) (cancel func()) {
	return c.schedule(graph.WallClock, &start, interval, f)
}

// EveryStreamTime calls f at intervals of stream time, from the first record on: it does not move while no records
// come. Where stream time jumps over several intervals, f is called once. The returned func ends it. Kafka Streams:
// ProcessorContext.schedule with STREAM_TIME (KIP-138).
func (c *Context[K, V]) EveryStreamTime(interval time.Duration, f func(now int64) error) (cancel func()) {
	return c.schedule(graph.StreamClock, nil, interval, f)
}

// EveryStreamTimeFrom is [Context.EveryStreamTime] at fixed times of stream time: see [Context.EveryFrom].
func (c *Context[K, V]) EveryStreamTimeFrom(start int64, interval time.Duration, f func(now int64) error) (cancel func()) {
	return c.schedule(graph.StreamClock, &start, interval, f)
}

func (c *Context[K, V]) schedule(clock graph.Clock, start *int64, interval time.Duration, f func(int64) error) func() {
	p := &graph.Punctuation{Clock: clock, Start: start, Interval: max(1, interval.Milliseconds()), Call: func(now int64) error {
		if err := f(now); err != nil {
			return &graph.UserError{Node: c.n, Err: err}
		}
		return nil
	}}
	c.c.Schedule(c.n, p)
	return func() {
		p.Cancel = true
		c.c.Mutated = true
	}
}

// Process is the way to whatever the other operators do not do: state of one's own, timers, any number of records for
// one. init is called once per task; it opens stores (package state; name them with topology.WithStores), schedules
// punctuations, and returns the function that handles records. What a processor remembers belongs in a store: a
// variable keeps what a failed commit undoes. An error of either function is the user's: see ProcessValues.
//
// Cost: its stores and their changelogs. The key may have changed, so the next operator that groups or joins
// repartitions; Process itself never does, so after SelectKey and the like call Repartition before it. Nulls: the
// function is called for every record; Record.Null and Record.NullKey say what is absent. Time and headers are those of
// the records that it forwards. Kafka Streams: KStream.process (KIP-820).
func (s *Stream[K, V]) Process[K2, V2 any](init func(*Context[K2, V2]) (func(Record[K, V]) error, error), opts ...topology.Option) *Stream[K2, V2] {
	c := s.call("process", opts)
	c.Check(init == nil, "processor")
	for _, st := range c.Stores {
		c.G.AddStore(st, c.Op)
	}
	n := add(s, c, c.Stores, func(ctx *graph.Context, n *graph.Node, next func(*graph.Record[K2, V2]) error) (func(*graph.Record[K, V]) error, error) {
		handle, err := init(&Context[K2, V2]{c: ctx, n: n, next: next})
		if err != nil {
			return nil, &graph.UserError{Node: n, Err: err}
		}
		return func(r *graph.Record[K, V]) error {
			return asUserError(n, handle(recordOf(ctx, r)))
		}, nil
	})
	return &Stream[K2, V2]{graph.Stream[K2, V2]{G: s.s.G, Node: n, Rekeyed: true}}
}

// asUserError marks an error as of n's callback, unless an operator after it marked it already.
func asUserError(n *graph.Node, err error) error {
	if err == nil || operator.IsMarked(err) {
		return err
	}
	return &graph.UserError{Node: n, Err: err}
}
