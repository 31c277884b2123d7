package embedded_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/embedded"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

func start(t *testing.T, opts embedded.Options) *embedded.Broker {
	t.Helper()
	b, err := embedded.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func port(t *testing.T, b *embedded.Broker) int {
	t.Helper()
	address, err := netip.ParseAddrPort(b.Bootstrap())
	if err != nil {
		t.Fatal(err)
	}
	if !address.Addr().IsLoopback() {
		t.Fatalf("the broker listens on %v, which others can reach", address)
	}
	return int(address.Port())
}

func TestStart(t *testing.T) {
	t.Parallel()
	taken := port(t, start(t, embedded.Options{}))
	for _, c := range []struct {
		name string
		opts embedded.Options
		want string // in the error
	}{
		{"no partitions", embedded.Options{Topics: map[string]int32{"a": 0, "b": 1}}, "topic a: 0 partitions: give it at least one"},
		{"bad names", embedded.Options{Topics: map[string]int32{"a b": 1, "": 1}}, "topic \"\": the name may have up to 249 letters"},
		{"port taken", embedded.Options{Port: taken}, "port " + strconv.Itoa(taken)},
		{"no port", embedded.Options{Port: 65536}, "port 65536 is not one"},
		{"data directory is a file", embedded.Options{DataDir: "embedded_test.go"}, "data directory: mkdir embedded_test.go"},
	} {
		b, err := embedded.Start(c.opts)
		if err == nil {
			_ = b.Close()
			t.Errorf("%s: no error, want %q", c.name, c.want)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %q, want %q in it", c.name, err, c.want)
		}
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	b := start(t, embedded.Options{DataDir: t.TempDir()})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := b.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
	all.Wait()
	if c, err := net.Dial("tcp", b.Bootstrap()); err == nil {
		_ = c.Close()
		t.Error("the port is still open after Close")
	}
}

// Everything that a client knows of survives a restart on the same port, and the clients go on.
func TestRestart(t *testing.T) {
	t.Parallel()
	opts := embedded.Options{DataDir: t.TempDir(), Topics: map[string]int32{"images": 2}}
	b := start(t, opts)
	opts.Port = port(t, b)
	if _, err := embedded.Start(embedded.Options{DataDir: opts.DataDir}); err == nil || !strings.Contains(err.Error(), "in use by another broker") {
		t.Errorf("a second broker on the same directory: got error %v", err)
	}

	p := newTxn(t, b.Bootstrap(), "txn")
	c := newConsumer(t, b.Bootstrap(), "group")
	if err := c.Assign([]kafka.TopicPartition{at("images", 1, kafka.OffsetBeginning)}); err != nil {
		t.Fatal(err)
	}
	begin(t, p)
	send(t, p, "images", 1, "a", "b")
	if err := p.CommitTransaction(t.Context()); err != nil {
		t.Fatal(err)
	}
	note := "checkpoint"
	if _, err := c.CommitOffsets([]kafka.TopicPartition{{Topic: new("images"), Partition: 1, Offset: 1, Metadata: &note}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, receive(t, c, 2)); diff != "" {
		t.Fatalf("before (-want +got):\n%s", diff)
	}

	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = start(t, opts)
	begin(t, p) // the same producer: the broker remembers its id and epoch
	send(t, p, "images", 1, "c")
	if err := p.CommitTransaction(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"c"}, receivePatiently(t, c, 1)); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
	committed, err := newConsumer(t, b.Bootstrap(), "group").Committed([]kafka.TopicPartition{at("images", 1, 0)}, int(soon.Milliseconds()))
	if err != nil || committed[0].Offset != 1 || committed[0].Metadata == nil || *committed[0].Metadata != note {
		t.Errorf("committed are %v (%v), want 1 with %q", committed, err, note)
	}

	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	opts.Topics = map[string]int32{"images": 3}
	if _, err := embedded.Start(opts); err == nil || !strings.Contains(err.Error(), "has 2 partitions in the data directory, not 3") {
		t.Errorf("another number of partitions: got error %v", err)
	}
	opts.Topics = nil
	start(t, opts) // a failed start has left the directory free
}

// receivePatiently is receive for a consumer whose broker was away, which reports that as an error and goes on.
func receivePatiently(t *testing.T, c *kafka.Consumer, n int) []string {
	t.Helper()
	var values []string
	for deadline := time.Now().Add(soon); len(values) < n; {
		if m, ok := c.Poll(100).(*kafka.Message); ok {
			values = append(values, string(m.Value))
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %d of %d records in %v: %q", len(values), n, soon, values)
		}
	}
	return values
}

// What is no Kafka client neither ends the process nor takes its memory.
func TestStrangers(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	b := start(t, embedded.Options{Topics: map[string]int32{"t": 1}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for _, c := range []struct {
		name, sent string
		want       string // in the log
	}{
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", "a request of 1195725856 bytes with key 12064"},
		{"a negative length", "\xff\xff\xff\xff\x00\x12\x00\x00", "a request of -1 bytes with key 18"},
		{"no head", "\x00\x00\x00\x04\x00\x12\x00\x00", "a request of 4 bytes with key 18"},
		{"an unknown key", "\x00\x00\x00\x0a\x7f\xff\x00\x00\x00\x00\x00\x01\xff\xff", "a request of 10 bytes with key 32767"},
		{"a negative key", "\x00\x00\x00\x0a\xff\xff\x00\x00\x00\x00\x00\x01\xff\xff", "a request of 10 bytes with key -1"},
		{"a body that is none", "\x00\x00\x00\x0a\x00\x03\x00\x00\x00\x00\x00\x01\xff\xff", ""},
	} {
		conn, err := net.Dial("tcp", b.Bootstrap())
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if err := conn.SetDeadline(time.Now().Add(soon)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, c.sent); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if answer, err := io.ReadAll(conn); len(answer) > 0 || err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%s: got answer %q and error %v, want a closed connection", c.name, answer, err)
		}
		_ = conn.Close()
		if !strings.Contains(log.String(), c.want) {
			t.Errorf("%s: the log lacks %q:\n%s", c.name, c.want, log.String())
		}
	}
	brokertest.Produce(t, b.Bootstrap(), "t", brokertest.Record{Value: []byte("still there")})
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
