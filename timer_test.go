package millrace_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// TestPunctuation: timers of the wall clock fire without records, timers of stream time with them; their output is
// committed, and their errors end the application.
func TestPunctuation(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	in, seen, out := threeTopics(t, cfg.Bootstrap)
	b := topology.New(newApp(t, cfg.Bootstrap))
	ticks := stream.From(b, topology.NewTopic[string, int64](in)).
		Process(func(c *stream.Context[string, int64]) (func(stream.Record[string, int64]) error, error) {
			total := int64(0)
			c.Every(30*time.Millisecond, func(now int64) error {
				return c.Forward(stream.Record[string, int64]{Key: "wall", Value: total, Timestamp: now})
			})
			c.EveryStreamTime(10*time.Second, func(now int64) error {
				return c.Forward(stream.Record[string, int64]{Key: "stream", Value: now, Timestamp: now})
			})
			return func(r stream.Record[string, int64]) error { total += r.Value; return nil }, nil
		}, topology.As("ticks"))
	wall := ticks.Filter(func(k string, _ int64) bool { return k == "wall" }, topology.As("wall"))
	wall.To(topology.NewTopic[string, int64](seen))
	ticks.Filter(func(k string, _ int64) bool { return k == "stream" }, topology.As("stream")).To(topology.NewTopic[string, int64](out))
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	a := start(t, topo, cfg)
	awaitTick(t, cfg.Bootstrap, seen, 3, 0) // no record has come
	var records []brokertest.Record
	for _, at := range []int64{1000, 5000, 12000, 45000, 46000} {
		records = append(records, brokertest.Record{Key: []byte("k"), Value: number(1), Timestamp: time.UnixMilli(at)})
	}
	brokertest.Produce(t, cfg.Bootstrap, in, records...)
	got := numbersOf(brokertest.Consume(t, cfg.Bootstrap, out, 3, longest))
	awaitTick(t, cfg.Bootstrap, seen, 1, 5) // all records have come, and ticks go on beside them
	if err := a.shutdown(); err != nil {
		t.Fatal(err)
	}
	// At the first record, and whenever ten seconds of stream time have passed.
	if diff := cmp.Diff([]int64{1000, 12000, 45000}, got); diff != "" {
		t.Errorf("stream time's timer (-want +got):\n%s", diff)
	}
}

// awaitTick waits until there are n records, and the last is no less than least.
func awaitTick(t *testing.T, bootstrap, topic string, n int, least int64) {
	t.Helper()
	for deadline := time.Now().Add(longest); ; n++ {
		got := numbersOf(brokertest.Consume(t, bootstrap, topic, n, longest))
		if got[len(got)-1] >= least {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the wall clock's timer saw %v, want %d at last", got, least)
		}
	}
}

// TestEmitOnCommit: a store that waits for the commit forwards one change per row, the last.
func TestEmitOnCommit(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.CommitInterval = time.Second
	in, out := topics(t, cfg.Bootstrap, 1, 1)
	b := topology.New(newApp(t, cfg.Bootstrap))
	counts := stream.From(b, topology.NewTopic[string, string](in)).
		GroupBy(func(_, word string) string { return word }, topology.As("words")).
		Count(topology.As("counts"), topology.EmitOnCommit())
	stream.Changes(counts).To(topology.NewTopic[string, int64](out))
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	var records []brokertest.Record
	for range 1000 {
		records = append(records, brokertest.Record{Value: []byte("again")})
	}
	brokertest.Produce(t, cfg.Bootstrap, in, records...)
	a := start(t, topo, cfg)
	deadline := time.Now().Add(longest)
	var got []int64
	for n := 1; len(got) == 0 || got[len(got)-1] != 1000; n++ {
		if time.Now().After(deadline) {
			t.Fatalf("the counts are %v", got)
		}
		got = numbersOf(brokertest.Consume(t, cfg.Bootstrap, out, n, longest))
	}
	if err := a.shutdown(); err != nil {
		t.Fatal(err)
	}
	if len(got) > 20 {
		t.Errorf("%d changes of one row came out", len(got))
	}
}
