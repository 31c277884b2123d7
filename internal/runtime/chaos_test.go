package runtime_test

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/internal/kafka"
	"github.com/millrace-go/millrace/internal/runtime"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

var seed = flag.Uint64("seed", 0, "of the faults; 0: a new one")

// TestFaults counts words while transactions are refused, producers die before and after their commit stands, tasks are
// taken and given back, and restores fail: each word is counted once, and the counts come in their order.
func TestFaults(t *testing.T) {
	t.Parallel()
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("seed %d", *seed)
	const n, vocabulary = 20_000, 200
	bootstrap := brokertest.Bootstrap(t)
	app, in, out := brokertest.UniqueName(t, "app"), brokertest.UniqueName(t, "in"), brokertest.UniqueName(t, "out")
	brokertest.Topics(t, bootstrap, brokertest.Topic{Name: in, Partitions: 3}, brokertest.Topic{Name: out, Partitions: 2})
	brokertest.DeleteTopics(t, bootstrap, app+"-tasks", app+"-members", app+"-words-repartition", app+"-counts-changelog")
	records, want := make([]brokertest.Record, n), map[string]int64{}
	for i := range records {
		a, b := fmt.Sprint("w", i%vocabulary), fmt.Sprint("w", i*7%vocabulary)
		want[a]++
		want[b]++
		records[i] = brokertest.Record{Key: fmt.Append(nil, i), Value: []byte(a + " " + b)}
	}
	client, err := kafka.Open(t.Context(), kafka.Config{Bootstrap: bootstrap})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	f := &faults{Client: client, rnd: rand.New(rand.NewPCG(*seed, 1)), counts: map[string]int{}}
	r, err := runtime.New(runtime.Config{
		App: app, Graph: wordCount(t, app, in, out).Graph(), Client: f, ExactlyOnce: true, StateDir: t.TempDir(), Workers: 2,
		CommitInterval: 10 * time.Millisecond, Transaction: 10 * time.Second, Session: 6 * time.Second, Replicas: 1, CacheBytes: 1 << 20, DirtyBytes: 1 << 20,
		Logger: slog.New(slog.DiscardHandler), Meter: noop.Meter{},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	for i := 0; i < n; i += 200 { // while it works
		brokertest.Produce(t, bootstrap, in, records[i:i+200]...)
	}
	brokertest.Consume(t, bootstrap, out, 2*n, 120*time.Second)
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	t.Logf("%v", f.counts)
	got := map[string]int64{}
	for _, rec := range brokertest.All(t, bootstrap, out) {
		c := int64(binary.BigEndian.Uint64(rec.Value))
		if c != got[string(rec.Key)]+1 {
			t.Fatalf("word %q: count %d came after %d (partition %d, offset %d)", rec.Key, c, got[string(rec.Key)], rec.Partition, rec.Offset)
		}
		got[string(rec.Key)] = c
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func wordCount(t *testing.T, app, in, out string) *topology.Topology {
	t.Helper()
	b := topology.New(app)
	counts := stream.From(b, topology.NewTopic[string, string](in)).
		FlatMapValues(strings.Fields).
		GroupBy(func(_, word string) string { return word }, topology.As("words")).
		Count(topology.As("counts"))
	stream.Changes(counts).To(topology.NewTopic[string, int64](out))
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return topo
}
