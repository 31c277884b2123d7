package chaos

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/internal/murmur2"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// relay counts records by key, twice: in the task that reads them, and behind a repartition topic with as many partitions.
// Topics: what is counted, the first counts, the second.
func relay(app string, topics []string) (*topology.Topology, error) {
	b := topology.New(app)
	return relayFrom(b, stream.From(b, topology.NewTopic[string, int64](topics[0])), topics)
}

// relayNext is the next version: it has an operator more, and the same tasks and stores, so that it may run beside the first.
func relayNext(app string, topics []string) (*topology.Topology, error) {
	b := topology.New(app)
	return relayFrom(b, stream.From(b, topology.NewTopic[string, int64](topics[0])).MapValues(func(n int64) int64 { return n + 1 }), topics)
}

func relayFrom(b *topology.Builder, numbers *stream.Stream[string, int64], topics []string) (*topology.Topology, error) {
	first := numbers.GroupByKey().Count(topology.As("first"))
	stream.Changes(first).To(topology.NewTopic[string, int64](topics[1]))
	second := stream.Changes(first).Repartition(topology.As("again"), topology.Partitions(relayTasks)).GroupByKey().Count(topology.As("second"))
	stream.Changes(second).To(topology.NewTopic[string, int64](topics[2]))
	return b.Build()
}

// relayTasks is how many tasks each of the two halves has.
const relayTasks = 6

// relayJob has one key per partition, so that each task has something to do all the time.
func relayJob(t *testing.T, n int) *job {
	t.Helper()
	j := &job{program: "relay", draw: relay, outputs: 2}
	for _, name := range []string{"numbers", "first", "second"} {
		j.topics = append(j.topics, brokertest.Topic{Name: brokertest.UniqueName(t, name), Partitions: relayTasks})
	}
	j.identity = func(r brokertest.Record) string { return string(r.Key) }
	var keys [relayTasks]string
	for i, left := 0, relayTasks; left > 0; i++ {
		key := fmt.Sprint("key", i)
		if p := murmur2.Partition([]byte(key), relayTasks); keys[p] == "" {
			keys[p] = key
			left--
		}
	}
	begin := time.Now()
	for i := range n {
		value, err := serde.Int64().Append(nil, int64(i))
		if err != nil {
			t.Fatal(err)
		}
		j.records = append(j.records, brokertest.Record{Key: []byte(keys[i%relayTasks]), Value: value, Timestamp: begin.Add(time.Duration(i) * time.Millisecond)})
	}
	return j
}

// TestRollingUpgrade stops three instances one after the other and starts the next version in their places, and measures for
// each task the longest time in which nothing of it could be read.
func TestRollingUpgrade(t *testing.T) {
	c := brokers(t)
	const rate = 50 * relayTasks
	length := size(20*time.Second, 40*time.Second, 2*time.Minute)
	j := relayJob(t, rate*int(length/time.Second))
	want := j.undisturbed(t)
	f := launch(t, c, j, 3)
	out := follow(t, c.bootstrap, j.outs()...)
	fed := brokertest.FeedAt(t, c.bootstrap, j.topics[0].Name, rate, j.records)
	f.watch(time.After(length/5), nil)
	quiet := out.gaps(time.Time{})
	t.Logf("the longest gaps before: %s", quiet)
	began := time.Now()
	for _, i := range f.instances {
		f.logf("restart instance %d", i.n)
		f.drain(i)()
		i.program = "relay-next"
		f.start(i)
		i.p.AwaitLine("state running")
		f.logf("instance %d runs again", i.n)
	}
	fed()
	f.finish(out, want.count())
	restarts := out.gaps(began)
	t.Logf("the longest gaps from the first restart on: %s", restarts)
	j.check(t, c.bootstrap, want)
	// What a task should be away for at most is 3 s; the bound here is for a machine that is busy with others.
	if longest := restarts[0]; longest.lasted > time.Minute {
		t.Errorf("nothing came of task %s for %v", longest.task, longest.lasted)
	}
}

// silence is how long nothing came of a task.
type silence struct {
	task   string
	lasted time.Duration
}

type silences []silence

func (s silences) String() string {
	var b strings.Builder
	for _, x := range s {
		fmt.Fprintf(&b, "%s %.2f s; ", x.task, x.lasted.Seconds())
	}
	return strings.TrimSuffix(b.String(), "; ")
}

// gaps finds the longest silence of each partition of the outputs, from a time on, the longest of all first: a partition has
// one task.
func (r *reader) gaps(from time.Time) silences {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, longest := map[string]time.Time{}, map[string]time.Duration{}
	for _, a := range r.seen {
		topic, _, _ := strings.Cut(a.Topic, "-")
		task := fmt.Sprint(topic, "/", a.Partition)
		if before, known := last[task]; known && a.at.After(from) {
			longest[task] = max(longest[task], a.at.Sub(before))
		}
		last[task] = a.at
	}
	var list silences
	for task, lasted := range longest {
		list = append(list, silence{task, lasted})
	}
	slices.SortFunc(list, func(a, b silence) int { return int(b.lasted - a.lasted) })
	return list
}
