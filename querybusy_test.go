package millrace_test

import (
	"testing"
	"time"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// TestQueryOfABusyWorker: a question does not wait until all records are processed, or the commit is due.
func TestQueryOfABusyWorker(t *testing.T) {
	t.Parallel()
	const n = 1000
	cfg := testConfig(t)
	cfg.CommitInterval = 5 * time.Second
	in, _ := topics(t, cfg.Bootstrap, 1, 1)
	b := topology.New(newApp(t, cfg.Bootstrap))
	begun := make(chan struct{})
	counts := stream.From(b, topology.NewTopic[string, string](in)).
		Peek(func(string, string) {
			select {
			case begun <- struct{}{}:
			case <-t.Context().Done():
			}
		}).
		GroupByKey().Count(topology.As("counts"))
	topo, err := b.Build()
	check(t, err)
	brokertest.Produce(t, cfg.Bootstrap, in, lines(n, 10)...)
	a := start(t, topo, cfg)
	<-begun
	answered := make(chan error, 1)
	go func() {
		_, _, err := millrace.Get(t.Context(), a.App, counts, "k")
		answered <- err
	}()
	for worked := 2; ; worked++ {
		select {
		case err := <-answered:
			check(t, err)
			return
		case <-begun:
			if worked == n {
				t.Fatal("the question was not answered before the last record")
			}
			time.Sleep(time.Millisecond) // the pace of the records
		}
	}
}
