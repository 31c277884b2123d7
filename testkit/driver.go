// Package testkit runs a topology in memory, record by record, for unit tests. It is the engine that production runs,
// with an in-memory log in place of Kafka, and a clock that the test moves.
//
// In an Example, where there is no test, [Drive] takes the place of [New].
//
// A [Driver] holds one task per sub-topology and partition, repartition topics between them. Each record that is piped in
// is processed to the end, through all internal topics, before Pipe returns; the driver commits after every record.
//
//	d := testkit.New(t, topo)
//	d.Input(words).Pipe("", "to be or not to be", 0)
//	got := d.Output(counts).ReadAll()
//
// When the test is over, the driver runs its inputs once more with every value passed through its serde at every step,
// and fails if the outputs differ: so a field that a serde loses, or a value that a callback changed after it was
// forwarded, is found. Callbacks that count or capture see those calls too, but only after the test's own checks. A test
// whose callbacks are not pure says [Once].
package testkit

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/topology"
)

// TB is what the driver needs of a testing.TB.
type TB interface {
	Helper()                           // leaves the caller out of the places that failures name
	Errorf(format string, args ...any) // fails the test
	Fatalf(format string, args ...any) // fails the test and ends it
	Cleanup(f func())                  // calls f when the test has ended
}

// Driver drives a topology. It is not safe for concurrent use.
type Driver struct {
	t      TB
	topo   *topology.Topology
	opts   options
	c      *cluster
	script []step
	read   map[string]int // per topic: how many of its outputs were read
	failed bool           // a step did, so that the second run has nothing to compare
}

type options struct {
	partitions  int32
	perTopic    map[string]int32
	single      bool
	once        bool
	commitEvery int
	skipErrors  bool
	start       int64
	disk        func() (db.DB, error)
}

// Option configures a Driver.
type Option func(*options)

// Partitions gives every user topic n partitions; without it each has one.
func Partitions(n int32) Option { return func(o *options) { o.partitions = n } }

// TopicPartitions gives one user topic n partitions.
func TopicPartitions(topic string, n int32) Option {
	return func(o *options) {
		if o.perTopic == nil {
			o.perTopic = map[string]int32{}
		}
		o.perTopic[topic] = n
	}
}

// SingleTask runs all sub-topologies as one task of one partition, as Kafka Streams' TopologyTestDriver does: stream time
// and record order are then of the whole topology.
func SingleTask() Option { return func(o *options) { o.single = true } }

// Once leaves out the second run with serde round trips: for topologies whose callbacks are not pure.
func Once() Option { return func(o *options) { o.once = true } }

// CommitEvery commits after n records that were processed instead of after each: for stores that emit on commit.
// Driver.Commit commits at once.
func CommitEvery(n int) Option { return func(o *options) { o.commitEvery = n } }

// SkipErrors drops records that fail to decode or whose callback fails, and counts them, instead of failing the test.
func SkipErrors() Option { return func(o *options) { o.skipErrors = true } }

// StartAt sets the wall clock at the start, in milliseconds since the epoch; without it, 0.
func StartAt(ms int64) Option { return func(o *options) { o.start = ms } }

// Disk has stores that are not in memory lie in what open gives each task. It is for package metamorphic; without it they
// lie in memory, too, though a [Crash] leaves them.
func Disk(open func() (db.DB, error)) Option { return func(o *options) { o.disk = open } }

type step struct {
	topic     string
	partition int32 // -1: by key
	rec       graph.Raw
	advance   time.Duration
	commit    bool
	interrupt Interruption
	after     int
}

// New returns a driver for topo. Errors fail the test at once.
func New(t TB, topo *topology.Topology, opts ...Option) *Driver {
	t.Helper()
	o := options{partitions: 1, commitEvery: 1}
	for _, f := range opts {
		f(&o)
	}
	if err := o.check(topo.Graph()); err != nil {
		t.Fatalf("testkit: %v", err)
	}
	d := &Driver{t: t, topo: topo, opts: o, read: map[string]int{}}
	var err error
	if d.c, err = newCluster(context.Background(), topo.Graph(), o, false); err != nil {
		t.Fatalf("testkit: %v", err)
		return d
	}
	if !o.once {
		t.Cleanup(d.again)
	}
	return d
}

// do runs a step and remembers it.
func (d *Driver) do(s step) {
	d.t.Helper()
	if !d.opts.once {
		d.script = append(d.script, s)
	}
	if err := d.c.run(s); err != nil {
		d.failed = true
		d.t.Fatalf("testkit: %s: %s", s, d.opts.explain(d.topo.Graph(), err))
	}
}

func (s step) String() string {
	switch {
	case s.commit:
		return "commit"
	case s.interrupt != 0 && s.after == now:
		return s.interrupt.String() + " now"
	case s.interrupt != 0:
		return fmt.Sprintf("%s after %d commits", s.interrupt, s.after)
	case s.topic == "":
		return "advance the wall clock by " + s.advance.String()
	default:
		return fmt.Sprintf("pipe into %s: key %s, value %s, at %d", s.topic, show(s.rec.Key), show(s.rec.Value), s.rec.Timestamp)
	}
}

func show(b []byte) string {
	if b == nil {
		return "null"
	}
	return fmt.Sprintf("%q", b)
}

// Advance moves the wall clock, runs the punctuations that are due, and commits; all of one interval that were missed count
// as one.
func (d *Driver) Advance(by time.Duration) {
	d.t.Helper()
	d.do(step{advance: by})
}

// Commit commits, which is when stores that emit on commit do.
func (d *Driver) Commit() {
	d.t.Helper()
	d.do(step{commit: true})
}

// Dropped is how many records operators dropped: null keys, late ones, and those that SkipErrors let go.
func (d *Driver) Dropped() int64 { return d.c.dropped() }

// Replays is how many records failed after they had begun to take effect, so that this was taken back: see SkipErrors.
func (d *Driver) Replays() int { return d.c.replays }

// Skips tells of each dropped record: operator and file:line, reason, topic, partition and offset.
func (d *Driver) Skips() []string { return d.c.skips }

// again is the second run.
func (d *Driver) again() {
	if d.failed {
		return
	}
	c, err := newCluster(context.Background(), d.topo.Graph(), d.opts, true)
	if err != nil {
		d.t.Errorf("testkit: second run: %v", err)
		return
	}
	for i, s := range d.script {
		if err := c.run(s); err != nil {
			d.t.Errorf("testkit: with serde round trips, step %d (%s): %s", i+1, s, d.opts.explain(d.topo.Graph(), err))
			return
		}
	}
	if diff := cmp.Diff(lines(d.c.produced), lines(c.produced)); diff != "" {
		d.t.Errorf("testkit: the outputs differ when values pass through their serdes at every step: a callback is not pure (then say "+
			"testkit.Once), a value is changed after it was forwarded, or a serde loses something (-without +with):\n%s", diff)
	}
}

func lines(ps []Produced) []string {
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = p.String()
	}
	return out
}

// Produced is a record on an output topic.
type Produced struct {
	Topic      string
	Partition  int32
	Key, Value []byte // nil: null
	Timestamp  int64
	Headers    []graph.Header
}

func (p Produced) String() string {
	var h strings.Builder
	for _, x := range p.Headers {
		fmt.Fprintf(&h, " %s=%s", x.Key, show(x.Value))
	}
	return fmt.Sprintf("%s[%d] %s -> %s at %d%s", p.Topic, p.Partition, show(p.Key), show(p.Value), p.Timestamp, h.String())
}

// Produced is every record written to user topics so far, in order.
func (d *Driver) Produced() []Produced { return d.c.produced }
