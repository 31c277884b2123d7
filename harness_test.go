package millrace_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// wordCount counts words: a repartition topic, a store with its changelog, a result for each update.
func wordCount(tb testing.TB, app, in, out string) *topology.Topology {
	tb.Helper()
	b := topology.New(app)
	counts := stream.From(b, topology.NewTopic[string, string](in)).
		FlatMapValues(strings.Fields).
		GroupBy(func(_, word string) string { return word }, topology.As("words")).
		Count(topology.As("counts"))
	stream.Changes(counts).To(topology.NewTopic[string, int64](out))
	topo, err := b.Build()
	if err != nil {
		tb.Fatal(err)
	}
	return topo
}

// newApp makes an application id whose internal topics are deleted when the test ends.
func newApp(tb testing.TB, bootstrap string) string {
	tb.Helper()
	id := brokertest.UniqueName(tb, "app")
	admin := brokertest.Admin(tb, bootstrap)
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), longest)
		defer cancel()
		all, err := admin.ListTopics(ctx)
		if err != nil {
			tb.Logf("list topics: %v", err)
		}
		for name := range all {
			if strings.HasPrefix(name, id+"-") {
				if _, err := admin.DeleteTopic(ctx, name); err != nil {
					tb.Logf("delete topic %s: %v", name, err)
				}
			}
		}
	})
	return id
}

// topics makes an input and an output topic.
func topics(tb testing.TB, bootstrap string, inPartitions, outPartitions int32) (in, out string) {
	tb.Helper()
	in, out = brokertest.UniqueName(tb, "in"), brokertest.UniqueName(tb, "out")
	brokertest.Topics(tb, bootstrap, brokertest.Topic{Name: in, Partitions: inPartitions}, brokertest.Topic{Name: out, Partitions: outPartitions})
	return in, out
}

// longest bounds a test that would hang. It is far above what a slow machine needs.
const longest = 2 * time.Minute

// app is an application under test.
type app struct {
	*millrace.App
	t      testing.TB
	stop   context.CancelFunc
	done   chan error
	mu     sync.Mutex
	states []millrace.State
	got    chan millrace.State
}

// testConfig is a config for tests: on the broker to test on, with a directory and a log of the test's own.
func testConfig(tb testing.TB) millrace.Config {
	tb.Helper()
	return millrace.Config{
		Bootstrap: brokertest.Bootstrap(tb), StateDir: tb.TempDir(), Workers: 2, ReplicationFactor: 1, SessionTimeout: 6 * time.Second,
		Logger: (&journal{t: tb}).logger(),
	}
}

// start runs an application until the test ends or stops it, and waits until all its tasks run.
func start(tb testing.TB, topo *topology.Topology, cfg millrace.Config) *app {
	tb.Helper()
	a := launch(tb, topo, cfg)
	a.await(millrace.StateRunning)
	return a
}

// launch is start without the wait.
func launch(tb testing.TB, topo *topology.Topology, cfg millrace.Config) *app {
	tb.Helper()
	a := &app{t: tb, done: make(chan error, 1), got: make(chan millrace.State, 1000)}
	cfg.OnState = func(s millrace.State) {
		a.mu.Lock()
		a.states = append(a.states, s)
		a.mu.Unlock()
		a.got <- s
	}
	var err error
	if a.App, err = millrace.New(topo, cfg); err != nil {
		tb.Fatal(err)
	}
	var ctx context.Context
	ctx, a.stop = context.WithCancel(tb.Context())
	go func() { a.done <- a.Run(ctx) }()
	tb.Cleanup(func() {
		a.stop()
		if a.done != nil {
			if err := <-a.done; err != nil {
				tb.Logf("the application ended with %v", err)
			}
		}
	})
	return a
}

// await waits for a state.
func (a *app) await(want millrace.State) {
	a.t.Helper()
	for deadline := time.After(longest); ; {
		select {
		case s := <-a.got:
			if s == want {
				return
			}
		case err := <-a.done:
			a.done = nil
			a.t.Fatalf("the application ended before it was %v: %v", want, err)
		case <-deadline:
			a.t.Fatalf("the application is not %v after %v; it was %v", want, longest, a.history())
		}
	}
}

func (a *app) history() []millrace.State {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.states)
}

// shutdown stops the application and returns Run's error.
func (a *app) shutdown() error {
	a.t.Helper()
	a.stop()
	return a.wait()
}

// wait waits until the application ends, and returns Run's error.
func (a *app) wait() error {
	a.t.Helper()
	select {
	case err := <-a.done:
		a.done = nil
		return err
	case <-time.After(longest):
		a.t.Fatalf("the application does not end within %v", longest)
		return nil
	}
}

// lines makes n records of three words each, of a vocabulary of the given size.
func lines(n, vocabulary int) []brokertest.Record {
	records := make([]brokertest.Record, n)
	for i := range records {
		text := fmt.Sprint("w", 3*i%vocabulary, " w", (3*i+1)%vocabulary, " w", (3*i+2)%vocabulary)
		records[i] = brokertest.Record{Key: fmt.Appendf(nil, "k%d", i), Value: []byte(text)}
	}
	return records
}
