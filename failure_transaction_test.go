package millrace_test

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// TestTransactionTimesOut: a callback takes so long that the broker ends the worker's transaction. The work is taken back and
// done again, and each word counts once; the log names the setting.
func TestTransactionTimesOut(t *testing.T) {
	t.Parallel()
	log := &journal{t: t}
	cfg := testConfig(t)
	cfg.Logger, cfg.InstanceID, cfg.Workers, cfg.TransactionTimeout = log.logger(), "me", 1, time.Second
	in, out := topics(t, cfg.Bootstrap, 1, 1)
	copies := brokertest.UniqueName(t, "copies")
	brokertest.Topics(t, cfg.Bootstrap, brokertest.Topic{Name: copies})
	id := newApp(t, cfg.Bootstrap)
	admin := brokertest.Admin(t, cfg.Bootstrap)
	var calls atomic.Int32
	var ended atomic.Bool
	b := topology.New(id)
	s := stream.From(b, topology.NewTopic[string, string](in))
	s.To(topology.NewTopic[string, string](copies)) // begins the transaction
	slow := s.Peek(func(string, string) {
		if calls.Add(1) < 50 || ended.Load() {
			return
		}
		begun, since := false, time.Now()
		until(t, "the end of the transaction", func() bool {
			d, err := admin.DescribeTransactions(t.Context(), id+"-me-0")
			ongoing := err == nil && d[id+"-me-0"].State == "Ongoing"
			begun = begun || ongoing
			ended.Store(err == nil && begun && !ongoing)
			// The broker hears of it a moment after its first record is sent, or never, on a machine so slow that the client has
			// given the record up: then the next try has its turn.
			return ended.Load() || !begun && time.Since(since) > 5*cfg.TransactionTimeout
		})
	})
	counts := slow.GroupBy(func(_, line string) string { return line }, topology.As("lines")).Count(topology.As("counts"))
	stream.Changes(counts).To(topology.NewTopic[string, int64](out))
	topo, err := b.Build()
	check(t, err)
	a := start(t, topo, cfg)
	const n = 200
	var records []brokertest.Record
	want := map[string]int64{}
	for i := range n {
		line := fmt.Sprint("line", i%10)
		want[line]++
		records = append(records, brokertest.Record{Value: []byte(line)})
	}
	brokertest.Produce(t, cfg.Bootstrap, in, records...)
	checkCounts(t, brokertest.Consume(t, cfg.Bootstrap, out, n, longest), want)
	check(t, a.shutdown())
	if got := len(brokertest.All(t, cfg.Bootstrap, copies)); got != n {
		t.Errorf("%d copies of %d records", got, n)
	}
	if calls.Load() == n || !log.has("Config.TransactionTimeout (1s)") {
		t.Errorf("nothing was done again (%d calls), or the log does not say why", calls.Load())
	}
}

// TestFenced: another producer takes a worker's transactional id, several times in the middle of its work. The worker takes
// it back, and every word is counted once.
func TestFenced(t *testing.T) {
	t.Parallel()
	log := &journal{t: t}
	cfg := testConfig(t)
	cfg.Logger, cfg.InstanceID = log.logger(), "me"
	in, out := topics(t, cfg.Bootstrap, 2, 1)
	id := newApp(t, cfg.Bootstrap)
	a := start(t, wordCount(t, id, in, out), cfg)
	const n, portions = 3000, 3
	for i := range portions {
		wait := brokertest.Feed(t, cfg.Bootstrap, in, 20, lines(n/portions, 100))
		brokertest.AwaitEnd(t, cfg.Bootstrap, out, int64(3*n/portions*i+n/portions), longest)
		for worker := range 2 {
			fence(t, cfg, fmt.Sprint(id, "-me-", worker))
		}
		wait()
	}
	brokertest.Consume(t, cfg.Bootstrap, out, 3*n, longest)
	check(t, a.shutdown())
	want := countsOf(n/portions, 100)
	for word := range want {
		want[word] *= portions
	}
	checkCounts(t, brokertest.All(t, cfg.Bootstrap, out), want)
	if !log.has("the producer is replaced") {
		t.Error("no worker noticed")
	}
}

// fence makes a producer of a transactional id, which ends the one that is there.
func fence(t *testing.T, cfg millrace.Config, id string) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(cfg.Bootstrap), kgo.TransactionalID(id))
	check(t, err)
	defer c.Close()
	_, _, err = c.ProducerID(t.Context())
	check(t, err)
}

// TestOpenTransactionHoldsUpARestore: a transaction that nobody ends is open on a changelog, so that nothing behind it can be read.
// The log says so; once it is ended the restore goes on, and nothing is lost.
func TestOpenTransactionHoldsUpARestore(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.InstanceID, cfg.TransactionTimeout = "me", time.Second
	in, out := topics(t, cfg.Bootstrap, 1, 1)
	id := newApp(t, cfg.Bootstrap)
	topo := wordCount(t, id, in, out)
	brokertest.Produce(t, cfg.Bootstrap, in, lines(100, 10)...)
	a := start(t, topo, cfg)
	brokertest.Consume(t, cfg.Bootstrap, out, 300, longest)
	check(t, a.shutdown())
	check(t, os.RemoveAll(cfg.StateDir))
	c, err := kgo.NewClient(kgo.SeedBrokers(cfg.Bootstrap), kgo.TransactionalID(brokertest.UniqueName(t, "id")),
		kgo.TransactionTimeout(10*time.Minute), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	check(t, err)
	defer c.Close()
	check(t, c.BeginTransaction())
	check(t, c.ProduceSync(t.Context(), &kgo.Record{Topic: id + "-counts-changelog", Key: []byte("other"), Value: make([]byte, 16)}).FirstErr())

	log := &journal{t: t}
	cfg.Logger = log.logger()
	a = launch(t, topo, cfg)
	until(t, "a warning", func() bool { return log.has("a restore does not get on") })
	check(t, c.EndTransaction(t.Context(), kgo.TryAbort))
	a.await(millrace.StateRunning)
	brokertest.Produce(t, cfg.Bootstrap, in, lines(100, 10)...)
	brokertest.Consume(t, cfg.Bootstrap, out, 600, longest)
	check(t, a.shutdown())
	checkCounts(t, brokertest.All(t, cfg.Bootstrap, out), countsOf(200, 10))
}
