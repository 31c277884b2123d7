package chaos

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// The tests of this file are named after what went wrong in others of our kind, with the number of the report.

// TestWindowsSurviveRebalance (faust 193): windows that were half full when their task went to another instance, and back,
// go on from where they were.
func TestWindowsSurviveRebalance(t *testing.T) {
	c := brokers(t)
	j := wordsJob(t, 9000)
	want := j.undisturbed(t)
	f := gather(t, c, j, 3)
	out := follow(t, c.bootstrap, j.outs()...)
	third := len(j.records) / 3
	first, others := f.instances[0], f.instances[1:]
	f.start(first)
	brokertest.FeedAt(t, c.bootstrap, j.topics[0].Name, 1000, j.records[:third])()
	f.await(out, want.count()/3-100) // few windows are full: each fills over the whole input
	for _, i := range others {
		f.start(i)
	}
	for _, i := range others {
		i.p.Await("that it has tasks", func(line string) bool { return strings.Contains(line, "runtime: restored") })
	}
	brokertest.FeedAt(t, c.bootstrap, j.topics[0].Name, 1000, j.records[third:2*third])()
	f.await(out, 2*want.count()/3-100)
	f.drain(others[0])()
	f.kill(others[1])
	brokertest.FeedAt(t, c.bootstrap, j.topics[0].Name, 1000, j.records[2*third:])()
	f.finish(out, want.count())
	j.check(t, c.bootstrap, want)
}

// TestRestorePastAbortedMarkers (faust 47): the last offsets of a changelog are aborted records and their markers, which no
// reader of committed records ever sees. An instance that lost its disk restores to that end, and goes on.
func TestRestorePastAbortedMarkers(t *testing.T) {
	c := brokers(t)
	j := wordsJob(t, 4000)
	want := j.undisturbed(t)
	f := launch(t, c, j, 1)
	out := follow(t, c.bootstrap, j.outs()...)
	i, half := f.instances[0], len(j.records)/2
	brokertest.FeedAt(t, c.bootstrap, j.topics[0].Name, 1000, j.records[:half])()
	f.await(out, want.count()/2-100)
	f.drain(i)()
	for changelog, partitions := range map[string]int32{f.app + "-counts-changelog": 4, f.app + "-visits-changelog": 6} {
		for p := range partitions {
			abort(t, c.bootstrap, changelog, p)
		}
	}
	if err := os.RemoveAll(i.dir); err != nil {
		t.Fatal(err)
	}
	f.start(i)
	i.p.AwaitLine("state running")
	brokertest.FeedAt(t, c.bootstrap, j.topics[0].Name, 1000, j.records[half:])()
	f.finish(out, want.count())
	j.check(t, c.bootstrap, want)
}

// abort writes records to a partition in three transactions that are aborted.
func abort(t *testing.T, bootstrap, topic string, partition int32) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(bootstrap, ",")...), kgo.TransactionalID(brokertest.UniqueName(t, "aborting")),
		kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 3 {
		if err := c.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := c.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Partition: partition, Key: []byte("aborted"), Value: []byte("aborted")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := c.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRestoreInSync (streamiz 175): an instance that stopped in peace has nothing to restore, and finds that out at once.
func TestRestoreInSync(t *testing.T) {
	c := brokers(t)
	j := wordsJob(t, 4000)
	want := j.undisturbed(t)
	f := launch(t, c, j, 1)
	out := follow(t, c.bootstrap, j.outs()...)
	i, half := f.instances[0], len(j.records)/2
	brokertest.FeedAt(t, c.bootstrap, j.topics[0].Name, 1000, j.records[:half])()
	f.await(out, want.count()/2-100)
	for range 2 { // the second time nothing has been written since
		f.drain(i)()
		f.start(i)
		i.p.AwaitLine("state running")
	}
	for _, line := range i.p.Lines() {
		if strings.Contains(line, "runtime: restored") && !strings.Contains(line, "records=0") {
			t.Errorf("records were restored that were there: %s", line)
		}
	}
	brokertest.FeedAt(t, c.bootstrap, j.topics[0].Name, 1000, j.records[half:])()
	f.finish(out, want.count())
	j.check(t, c.bootstrap, want)
}

// manyStores has a store for each of many tasks.
func manyStores(app string, topics []string) (*topology.Topology, error) {
	b := topology.New(app)
	counts := stream.From(b, topology.NewTopic[string, string](topics[0])).GroupByKey().Count(topology.As("counts"))
	stream.Changes(counts).To(topology.NewTopic[string, int64](topics[1]))
	return b.Build()
}

// TestManyStoresMove (quix-streams 1131): many stores have to be closed at once since their tasks go to another instance. The
// group does not wait for that, so that nobody is expelled from it, takes the tasks back, and so on without an end.
func TestManyStoresMove(t *testing.T) {
	c := brokers(t)
	const tasks, n = 64, 12_000
	j := &job{program: "many-stores", draw: manyStores, outputs: 1, topics: []brokertest.Topic{
		{Name: brokertest.UniqueName(t, "in"), Partitions: tasks}, {Name: brokertest.UniqueName(t, "out"), Partitions: 3},
	}}
	j.identity = func(r brokertest.Record) string { return string(r.Key) }
	for i := range n {
		j.records = append(j.records, brokertest.Record{Key: fmt.Append(nil, "k", i%1000), Value: []byte("v"), Timestamp: time.Now()})
	}
	want := j.undisturbed(t)
	f := gather(t, c, j, 2)
	f.start(f.instances[0])
	f.instances[0].p.AwaitLine("state running")
	out := follow(t, c.bootstrap, j.outs()...)
	fed := brokertest.FeedAt(t, c.bootstrap, j.topics[0].Name, 600, j.records)
	f.await(out, n/4)
	f.start(f.instances[1])
	f.instances[1].p.AwaitLine("state running")
	f.await(out, n/2)
	fed()
	f.finish(out, want.count())
	for _, i := range f.instances {
		for _, line := range i.p.Lines() {
			if strings.Contains(line, "MAXPOLL") {
				t.Errorf("instance %d was expelled: %s", i.n, line)
			}
		}
	}
	j.check(t, c.bootstrap, want)
}
