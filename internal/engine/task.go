// Package engine is the task: a pure state machine that takes records and clock ticks in and gives effects out.
//
// A [Task] is one sub-topology for one partition. It has no goroutine, no clock and no network: a driver feeds it (Add,
// Process, Tick), takes the effects (Config.Emit), and commits: Prepare, then whatever makes the effects stand, then
// Commit; or Abort, which takes everything back to the last commit. The testkit drives it in memory, the runtime on
// Kafka: what the one proves, the other runs.
package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
)

// Config is what a driver gives a task.
type Config struct {
	Nodes     []*graph.Node // in the order of the user's calls
	Stores    []*graph.Store
	Partition int32
	Counts    map[*graph.Topic]int32
	Globals   *Globals // the instance's global tables; nil: the topology has none
	// Disk and Memory hold the stores; a task whose stores are all of one kind needs but one.
	Disk, Memory db.DB
	// Emit takes an effect; its bytes are valid during the call only.
	Emit func(*graph.Effect) error
	// UserCount tells the partitions of topics that are chosen per record; 0: not known. It may be nil.
	UserCount func(topic string) (int32, error)
	// Skipped is told of each record that an operator or the error policy dropped. It may be nil.
	Skipped func(Skip)
	// OnDecode and OnProcess say what becomes of a record that fails, OnProduce of one for a user's topic that Emit refused with
	// a graph.RejectedError; nil: Fail.
	OnDecode, OnProcess, OnProduce func(*RecordError) Verdict
	// DeadLetters is the topic that Divert sends records to.
	DeadLetters string
	Wall        int64
	RoundTrip   bool
	Context     context.Context //nolint:containedctx // of the records: callbacks are given it
}

// Skip is a record that was dropped.
type Skip struct {
	Node      *graph.Node // nil: before any operator
	Reason    string
	Topic     string
	Partition int32
	Offset    int64
}

// Verdict is what an error policy says of a record.
type Verdict uint8

// The verdicts.
const (
	Fail   Verdict = iota // stop the task
	Ignore                // drop the record and go on
	Divert                // send the record to the dead letters, and go on as with Ignore
	Again                 // have the driver abort and feed the record again
)

// RecordError is a record that could not be processed.
type RecordError struct {
	Topic     string
	Partition int32
	Offset    int64
	Node      *graph.Node // nil: it did not decode
	Raw       graph.Raw   // as it came
	Err       error
	divert    bool
	held      string // heldName, if an operator had held it back
	spent     bool   // what was held back has been left out since the last commit
}

func (e *RecordError) Error() string {
	return fmt.Sprintf("topic %s, partition %d, offset %d: %v", e.Topic, e.Partition, e.Offset, e.Err)
}

func (e *RecordError) Unwrap() error { return e.Err }

// ReplayError says that a record is to be dropped after it had already changed something: the driver must abort, call
// Drop with it, and feed the task again from its committed positions.
type ReplayError struct{ Record *RecordError }

func (e *ReplayError) Error() string {
	return "dropped after it had begun to take effect, to be replayed without it: " + e.Record.Error()
}
func (e *ReplayError) Unwrap() error { return e.Record }

// RetryError says that a record is to be tried again: the driver must abort and feed the task again.
type RetryError struct{ Record *RecordError }

func (e *RetryError) Error() string { return "to be tried again: " + e.Record.Error() }
func (e *RetryError) Unwrap() error { return e.Record }

// Task is one sub-topology for one partition.
type Task struct {
	cfg      Config
	ctx      *graph.Context
	queues   []*queue
	byTopic  map[string]*queue
	stores   []*openStore
	byName   map[string]*openStore
	gathered map[db.DB]*gathered
	globals  []*globalReader
	emitted  bool
	current  *graph.Raw                        // the record being processed; nil in a punctuation and at a commit
	dropped  map[string]map[int64]*RecordError // topic -> offset -> a record to leave out
	heldOut  map[string]*RecordError           // by heldName: records that are held back, to leave out
	dynamic  map[string]*graph.Topic
	saved    []int64 // the checkpoint's numbers at the last commit
	timers   timers
	counters Counters
}

// Counters are a task's counts since it was made.
type Counters struct {
	Processed int64
	Dropped   int64
	DroppedBy map[*graph.Node]int64
}

type openStore struct {
	spec   *graph.Store
	ts     graph.TaskStore
	d      db.DB
	id     uint16
	offset int64 // the changelog position that the DB holds
}

// NewTask compiles a task. Its stores hold what the DBs hold; the driver brings them up to date (Restore) before it feeds
// the task, and gives it the committed checkpoint (LoadCheckpoint).
func NewTask(cfg Config) (*Task, error) {
	t := &Task{
		cfg: cfg, byTopic: map[string]*queue{}, byName: map[string]*openStore{}, dynamic: map[string]*graph.Topic{},
		dropped: map[string]map[int64]*RecordError{}, heldOut: map[string]*RecordError{},
	}
	t.timers.perNode, t.timers.names = map[*graph.Node]int{}, map[*graph.Punctuation]string{}
	t.counters.DroppedBy = map[*graph.Node]int64{}
	t.ctx = &graph.Context{
		TaskPartition: cfg.Partition, StreamTime: -1, WallTime: cfg.Wall, RoundTrip: cfg.RoundTrip,
		EmitFunc: t.emit, CountFunc: t.count, SkipFunc: t.skip, DroppedFunc: t.isDropped, StoreFunc: t.open, TopicFunc: t.topic, ScheduleFunc: t.schedule,
		StdFunc: func() context.Context {
			if cfg.Context == nil {
				return context.Background()
			}
			return cfg.Context
		},
	}
	t.ctx.Var("stream-time", &t.ctx.StreamTime)
	if err := t.compile(); err != nil {
		return nil, err
	}
	for _, s := range cfg.Stores {
		if _, err := t.open(s); err != nil {
			return nil, err
		}
	}
	t.timers.running = true
	if err := t.distinct(); err != nil {
		return nil, err
	}
	t.save()
	return t, nil
}

// compile makes every node, children first.
func (t *Task) compile() error {
	made := map[*graph.Node]any{}
	var build func(n *graph.Node) (any, error)
	build = func(n *graph.Node) (any, error) {
		if in, ok := made[n]; ok {
			return in, nil
		}
		kids := make([]any, len(n.Children))
		for i, c := range n.Children {
			k, err := build(c)
			if err != nil {
				return nil, err
			}
			kids[i] = k
		}
		in, err := n.Compile(t.ctx, kids)
		if _, ok := errors.AsType[*graph.UserError](err); ok { // which node it is says the error
			return nil, fmt.Errorf("engine: %w", err)
		}
		if err != nil {
			return nil, fmt.Errorf("engine: %s (%s): %w", n.Name, n.At, err)
		}
		made[n] = in
		return in, nil
	}
	for _, n := range t.cfg.Nodes {
		in, err := build(n)
		if err != nil {
			return err
		}
		if n.Kind != graph.SourceNode {
			continue
		}
		q := &queue{topic: n.Topic, name: n.Topic.FullName(""), partition: t.cfg.Partition, time: -1}
		if err := in.(func(*graph.Source) error)(&q.source); err != nil {
			return err
		}
		t.ctx.Var("partition-time/"+q.name, &q.time)
		t.queues = append(t.queues, q)
		t.byTopic[q.name] = q
	}
	return nil
}

func (t *Task) emit(e *graph.Effect) error {
	t.emitted = true
	err := t.cfg.Emit(e)
	if err == nil {
		return nil
	}
	if rejected, ok := errors.AsType[*graph.RejectedError](err); ok && e.Topic.Role == graph.UserTopic {
		if err = t.rejected(e, rejected); err == nil {
			return nil // and what failed before, if anything did, is still a fault
		}
	}
	t.ctx.Fault = err
	return err
}

func (t *Task) count(topic *graph.Topic) (int32, error) {
	if n := t.cfg.Counts[topic]; n > 0 || !topic.Dynamic || topic.Name == "" || t.cfg.UserCount == nil {
		return n, nil
	}
	return t.cfg.UserCount(topic.Name)
}

func (t *Task) topic(name string) *graph.Topic {
	d := t.dynamic[name]
	if d == nil {
		d = &graph.Topic{Name: name, Dynamic: true}
		for tp := range t.cfg.Counts {
			if tp.Role == graph.UserTopic && tp.Name == name {
				d = tp
			}
		}
		t.dynamic[name] = d
	}
	return d
}

func (t *Task) skip(n *graph.Node, reason string) {
	t.counters.Dropped++
	t.counters.DroppedBy[n]++
	if t.cfg.Skipped != nil {
		t.cfg.Skipped(Skip{n, reason, t.ctx.Topic, t.ctx.Partition, t.ctx.Offset})
	}
}

// Counters returns the task's counts. The map is the task's own.
func (t *Task) Counters() *Counters { return &t.counters }

// Partition is the task's.
func (t *Task) Partition() int32 { return t.cfg.Partition }

// StreamTime is the highest timestamp processed, -1 at first.
func (t *Task) StreamTime() int64 { return t.ctx.StreamTime }

// Dirty is about how many bytes of rows wait for the next commit.
func (t *Task) Dirty() int {
	n := 0
	for _, s := range t.stores {
		n += s.ts.Dirty()
	}
	return n
}

// Drop leaves a record out when it comes again: see ReplayError.
func (t *Task) Drop(r *RecordError) {
	if r.held != "" {
		t.heldOut[r.held] = r
		return
	}
	m := t.dropped[r.Topic]
	if m == nil {
		m = map[int64]*RecordError{}
		t.dropped[r.Topic] = m
	}
	m[r.Offset] = r
}

func recordError(q *queue, r *graph.Raw, err error) *RecordError {
	re := &RecordError{Topic: q.name, Partition: r.Partition, Offset: r.Offset, Raw: *r, Err: err}
	re.Raw.Timestamp = q.carried
	if u, ok := errors.AsType[*graph.UserError](err); ok {
		re.Node = u.Node
	}
	return re
}
