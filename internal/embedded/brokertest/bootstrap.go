// Package brokertest gives tests a broker and what they need on it: topics that go away with the test, records in, and
// records out. The broker is the embedded one, or the real one that MILLRACE_BOOTSTRAP names: tests are the same on both.
//
//	bootstrap := brokertest.Bootstrap(t)
//	images := brokertest.UniqueName(t, "images")
//	brokertest.Topics(t, bootstrap, brokertest.Topic{Name: images, Partitions: 4})
//	brokertest.Produce(t, bootstrap, images, brokertest.Record{Key: []byte("a"), Value: []byte("1")})
//	got := brokertest.Consume(t, bootstrap, images, 1, 10*time.Second)
//
// It speaks to the broker through franz-go and not through the client that the tests are about, so that the one checks
// the other.
package brokertest

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-go/millrace/internal/embedded"
)

// Env names the environment variable that holds the address of a broker to test on, host:port; several of a cluster have
// commas in between.
const Env = "MILLRACE_BOOTSTRAP"

// shared is the test binary's one broker. It ends with the process: no test can know that it is the last.
// It logs errors only: its warnings are of slow requests, on machines that are busy with tests.
var shared = sync.OnceValues(func() (*embedded.Broker, error) {
	errors := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	return embedded.Start(embedded.Options{Logger: errors})
})

// Bootstrap is the address of the broker to test on.
func Bootstrap(t testing.TB) string {
	t.Helper()
	if address := os.Getenv(Env); address != "" {
		return address
	}
	broker, err := shared()
	if err != nil {
		t.Fatalf("brokertest: %v", err)
	}
	return broker.Bootstrap()
}

// Real says whether tests run on a real broker.
func Real() bool { return os.Getenv(Env) != "" }

var (
	born  = strconv.FormatInt(time.Now().UnixNano(), 36)
	names atomic.Int64
)

// UniqueName makes a name for a topic, a group or an application that no other test has, on any broker.
func UniqueName(t testing.TB, prefix string) string {
	t.Helper()
	return fmt.Sprintf("%s-%s-%d", prefix, born, names.Add(1))
}

// Admin asks and changes what the rest of the package does not, until the test ends.
func Admin(t testing.TB, bootstrap string) *kadm.Client {
	t.Helper()
	return kadm.NewClient(client(t, bootstrap))
}

// client connects to a broker until the test ends.
func client(t testing.TB, bootstrap string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(strings.Split(bootstrap, ",")...)}, opts...)...)
	if err != nil {
		t.Fatalf("brokertest: connect to %s: %v", bootstrap, err)
	}
	t.Cleanup(c.Close)
	return c
}
