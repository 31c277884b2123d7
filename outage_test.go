package millrace_test

import (
	"net"
	"strconv"
	"testing"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// TestBrokerRestart stops the broker in the middle of the work and starts it again: the application goes on, and every
// word is counted once.
func TestBrokerRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broker := startBroker(t, dir, 0)
	cfg := testConfig(t)
	cfg.Bootstrap = broker.Bootstrap()
	_, port, err := net.SplitHostPort(cfg.Bootstrap)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	in, out := brokertest.UniqueName(t, "in"), brokertest.UniqueName(t, "out")
	brokertest.Topics(t, cfg.Bootstrap, brokertest.Topic{Name: in, Partitions: 2}, brokertest.Topic{Name: out})
	text := lines(2000, 100)
	a := start(t, wordCount(t, "app", in, out), cfg)
	brokertest.Produce(t, cfg.Bootstrap, in, text[:1000]...)
	brokertest.AwaitEnd(t, cfg.Bootstrap, out, 500, longest)
	if err := broker.Close(); err != nil {
		t.Fatal(err)
	}
	startBroker(t, dir, number)
	brokertest.Produce(t, cfg.Bootstrap, in, text[1000:]...)
	brokertest.Consume(t, cfg.Bootstrap, out, 6000, longest)
	if err := a.shutdown(); err != nil {
		t.Fatal(err)
	}
	checkCounts(t, brokertest.All(t, cfg.Bootstrap, out), countsOf(2000, 100))
	if s := a.State(); s != millrace.StateStopped {
		t.Errorf("the application is %v", s)
	}
}

func startBroker(t *testing.T, dir string, port int) *embedded.Broker {
	t.Helper()
	b, err := embedded.Start(embedded.Options{DataDir: dir, Port: port, Quiet: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}
