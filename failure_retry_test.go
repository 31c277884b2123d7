package millrace_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// TestRetryHoldsUpItsTaskOnly: while a record of one partition is tried again and again, the worker's other task goes on and
// commits. When the record passes at last, it and what follows it come once, in their order.
func TestRetryHoldsUpItsTaskOnly(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.Workers = 1
	cfg.OnProcessError = millrace.Retry(1_000_000, millrace.Fail)
	in, out := topics(t, cfg.Bootstrap, 2, 1)
	var up atomic.Bool
	var tries atomic.Int64
	b := topology.New(newApp(t, cfg.Bootstrap))
	stream.From(b, topology.NewTopic[string, string](in)).
		ProcessValues(func(_ context.Context, r stream.Record[string, string]) (string, error) {
			if r.Value == "bad" && !up.Load() {
				tries.Add(1)
				return "", errors.New("the service does not answer")
			}
			return r.Value, nil
		}, topology.As("call")).
		To(topology.NewTopic[string, string](out))
	topo, err := b.Build()
	check(t, err)
	var held, free []brokertest.Record
	for _, v := range []string{"before", "bad", "after"} {
		held = append(held, brokertest.Record{Partition: 0, Value: []byte(v)})
	}
	for range 1000 {
		free = append(free, brokertest.Record{Partition: 1, Value: []byte("free")})
	}
	brokertest.ProduceTo(t, cfg.Bootstrap, in, held...)
	a := start(t, topo, cfg)
	until(t, "a try", func() bool { return tries.Load() > 0 })
	brokertest.ProduceTo(t, cfg.Bootstrap, in, free...)
	brokertest.Consume(t, cfg.Bootstrap, out, len(free), longest)
	again := tries.Load()
	until(t, "another try", func() bool { return tries.Load() > again })
	up.Store(true)
	brokertest.Consume(t, cfg.Bootstrap, out, len(held)+len(free), longest)
	check(t, a.shutdown())
	var got []string
	n := 0
	for _, r := range brokertest.All(t, cfg.Bootstrap, out) {
		if string(r.Value) == "free" {
			n++
		} else {
			got = append(got, string(r.Value))
		}
	}
	if diff := cmp.Diff([]string{"before", "bad", "after"}, got); diff != "" || n != len(free) {
		t.Errorf("%d of %d records of the other task, and of this one (-want +got):\n%s", n, len(free), diff)
	}
}
