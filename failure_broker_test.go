package millrace_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// TestRealBrokerRestart kills a real broker in the middle of the work, twice. It is the coordinator of the group and of the
// transactions, which have to be loaded again. The application goes on, and every word is counted once. (TestBrokerRestart stops
// the embedded broker. A real one that has the only replica loses the end markers of a transaction that is completed while it
// stops in order: its partitions have no leader any more, and are taken for deleted ones.)
func TestRealBrokerRestart(t *testing.T) {
	t.Parallel()
	if !brokertest.Real() {
		t.Skip("it takes a real broker: set " + brokertest.Env)
	}
	bootstrap := "127.0.0.1:" + realBroker(t)
	_, port, _ := strings.Cut(bootstrap, ":")
	cfg := testConfig(t)
	cfg.Bootstrap = bootstrap
	in, out := topics(t, bootstrap, 2, 1)
	a := start(t, wordCount(t, newApp(t, bootstrap), in, out), cfg)
	const n, vocabulary = 6000, 100
	text := lines(n, vocabulary)
	for i := range 2 {
		wait := brokertest.Feed(t, bootstrap, in, 10, text[n/2*i:n/2*(i+1)])
		brokertest.AwaitEnd(t, bootstrap, out, int64(3*n/2*i+n/2), longest)
		kafkaScript(t, "node", "kill", "1", "--port", port)
		kafkaScript(t, "node", "start", "1", "--port", port)
		wait()
		brokertest.Consume(t, bootstrap, out, 3*n/2*(i+1), longest)
	}
	check(t, a.shutdown())
	checkCounts(t, brokertest.All(t, bootstrap, out), countsOf(n, vocabulary))
}

// realBroker starts one of the test's own, and returns its port.
func realBroker(t *testing.T) (port string) {
	t.Helper()
	for line := range strings.Lines(kafkaScript(t, "up", "--fresh", "--heap", "512m")) {
		if address, ok := strings.CutPrefix(strings.TrimSpace(line), "bootstrap=127.0.0.1:"); ok {
			port = address
		}
	}
	if port == "" {
		t.Fatal("the broker does not say where it listens")
	}
	t.Cleanup(func() { kafkaScript(t, "down", "--port", port) })
	return port
}

func kafkaScript(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("scripts/kafka", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("scripts/kafka %v: %v: %s", args, err, out)
	}
	return string(out)
}
