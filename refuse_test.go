package millrace_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// refused runs an application that must not start, and checks what the error says.
func refused(t *testing.T, topo *topology.Topology, cfg millrace.Config, wants ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	err := millrace.Run(ctx, topo, cfg)
	if err == nil {
		t.Fatal("the application started, and would have run on")
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
}

func TestMissingTopics(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	id := newApp(t, cfg.Bootstrap)
	refused(t, wordCount(t, id, id+"-in", id+"-out"), cfg, id+"-in", id+"-out", "does not exist", "create it", "harness_test.go:")
}

func TestNotCoPartitioned(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	left, right := topics(t, cfg.Bootstrap, 2, 3)
	b := topology.New(newApp(t, cfg.Bootstrap))
	rows := stream.From(b, topology.NewTopic[string, string](right)).ToTable(topology.As("rows"))
	stream.From(b, topology.NewTopic[string, string](left)).
		JoinTable(rows, func(a, b string) string { return a + b }, topology.As("both")).
		ForEach(func(string, string) {})
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	refused(t, topo, cfg, left, right, "2", "3", "refuse_test.go:")
}

// TestInternalTopics finds internal topics that somebody made otherwise.
func TestInternalTopics(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, topic string
		partitions  int32
		policy      string
		wants       []string
	}{
		{"partitions of a repartition topic", "-words-repartition", 5, "delete", []string{"has 5 partitions", "needs 3"}},
		{"partitions of a changelog", "-counts-changelog", 2, "compact", []string{"has 2 partitions", "needs 3"}},
		{"a repartition topic that is compacted", "-words-repartition", 3, "compact", []string{"cleanup.policy=compact", "set it to delete"}},
		{"a changelog that is not compacted", "-counts-changelog", 3, "delete", []string{"cleanup.policy=delete", "set it to compact"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			id := newApp(t, cfg.Bootstrap)
			in, out := topics(t, cfg.Bootstrap, 3, 1)
			brokertest.Topics(t, cfg.Bootstrap, brokertest.Topic{Name: id + c.topic, Partitions: c.partitions, Config: map[string]string{"cleanup.policy": c.policy}})
			refused(t, wordCount(t, id, in, out), cfg, append(c.wants, id+c.topic)...)
		})
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // takes connections and says nothing
	for name, address := range map[string]string{"nobody listens": "127.0.0.1:1", "no answer": l.Addr().String(), "no such host": "broker.invalid:9092"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			cfg.Bootstrap = address
			refused(t, wordCount(t, "app", "in", "out"), cfg, address, "no broker answered", "Config.Bootstrap")
		})
	}
}

// TestWrongSecurity speaks TLS, and then SASL, to a broker that wants neither.
func TestWrongSecurity(t *testing.T) {
	t.Parallel()
	for name, properties := range map[string]map[string]string{
		"TLS":  {"security.protocol": "ssl"},
		"SASL": {"security.protocol": "sasl_plaintext", "sasl.mechanisms": "PLAIN", "sasl.username": "u", "sasl.password": "secret-word"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			log := &journal{t: t}
			cfg.Logger, cfg.Properties = log.logger(), properties
			refused(t, wordCount(t, "app", "in", "out"), cfg, "no broker answered", "Config.Properties")
			if log.has("secret-word") {
				t.Error("the password is in the log")
			}
		})
	}
}

func TestProperties(t *testing.T) {
	t.Parallel()
	for property, wants := range map[string][]string{
		"linger.mss":           {"linger.mss", "Config.Properties"},
		"isolation.level":      {"isolation.level", "cannot be set", "the runtime reads what is committed"},
		"go.logs.channel":      {"go.logs.channel", "cannot be set"},
		"socket.timeout.ms":    {"socket.timeout.ms", "Config.Properties"},
		"transactional.id":     {"transactional.id", "Config.InstanceID"},
		"bootstrap.servers":    {"bootstrap.servers", "set Config.Bootstrap"},
		"session.timeout.ms":   {"session.timeout.ms", "set Config.SessionTimeout"},
		"max.poll.interval.ms": {"max.poll.interval.ms", "cannot be set"},
	} {
		t.Run(property, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			cfg.Properties = map[string]string{property: "soon"}
			refused(t, wordCount(t, "app", "in", "out"), cfg, wants...)
		})
	}
}

// TestUserProperties lets the user's settings win over our defaults.
func TestUserProperties(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.Properties = map[string]string{"linger.ms": "0", "message.max.bytes": "2000", "fetch.wait.max.ms": "50", "queued.max.messages.kbytes": "1024"}
	in, out := topics(t, cfg.Bootstrap, 1, 1)
	brokertest.Produce(t, cfg.Bootstrap, in, brokertest.Record{Value: []byte(strings.Repeat("x", 3000))})
	refused(t, wordCount(t, newApp(t, cfg.Bootstrap), in, out), cfg, "the broker refuses the record", "words-repartition")
}

// TestLock: the state directory is one instance's at a time.
func TestLock(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	id := newApp(t, cfg.Bootstrap)
	in, out := topics(t, cfg.Bootstrap, 1, 1)
	topo := wordCount(t, id, in, out)
	a := start(t, topo, cfg)
	refused(t, topo, cfg, cfg.StateDir, "in use", "Config.StateDir")
	if err := a.shutdown(); err != nil {
		t.Fatal(err)
	}
	if err := start(t, topo, cfg).shutdown(); err != nil {
		t.Errorf("after the first has stopped: %v", err)
	}
}

func TestInvalidConfig(t *testing.T) {
	t.Parallel()
	topo := wordCount(t, "app", "in", "out")
	_, err := millrace.New(topo, millrace.Config{
		ApplicationID: "a/b", InstanceID: "..", Guarantee: 7, Workers: -1, CommitInterval: time.Hour, TransactionTimeout: time.Minute, SessionTimeout: time.Millisecond,
		CacheBytes: 1, DirtyBytes: 1, ReplicationFactor: -1, Properties: map[string]string{"acks": "0", "group.id": "g"},
	})
	if err == nil {
		t.Fatal("New takes all of it")
	}
	for _, want := range []string{"ApplicationID", "InstanceID", "Guarantee", "Workers", "CommitInterval", "TransactionTimeout", "SessionTimeout", "CacheBytes", "DirtyBytes", "ReplicationFactor", `"acks"`, `"group.id"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
	if _, err := millrace.New(nil, millrace.Config{}); err == nil {
		t.Error("New takes a nil topology")
	}
}

// TestRunTwice and a context that has ended already.
func TestRunTwice(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	a, err := millrace.New(wordCount(t, "app", "in", "out"), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Run(ended); err != nil {
		t.Errorf("Run with a context that has ended: %v", err)
	}
	if s := a.State(); s != millrace.StateStopped {
		t.Errorf("it is %v after that", s)
	}
	if err := a.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "called before") {
		t.Errorf("Run for the second time: %v", err)
	}
}

// TestRecreatedInput makes a topic anew while it is read: the application does not take its first records for what comes
// after the old ones.
func TestRecreatedInput(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	in, out := topics(t, cfg.Bootstrap, 1, 1)
	a := start(t, wordCount(t, newApp(t, cfg.Bootstrap), in, out), cfg)
	brokertest.Produce(t, cfg.Bootstrap, in, lines(10, 10)...)
	brokertest.Consume(t, cfg.Bootstrap, out, 30, longest)
	deleteTopic(t, cfg.Bootstrap, in)
	brokertest.Topics(t, cfg.Bootstrap, brokertest.Topic{Name: in})
	brokertest.Produce(t, cfg.Bootstrap, in, lines(5, 10)...)
	if err := a.wait(); err == nil || !strings.Contains(err.Error(), in) || !strings.Contains(err.Error(), "made anew") {
		t.Errorf("the application ended with %v", err)
	}
}

// TestDeletedInput deletes a topic that is read: the application ends with an error that names it.
func TestDeletedInput(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	in, out := topics(t, cfg.Bootstrap, 2, 1)
	a := start(t, wordCount(t, newApp(t, cfg.Bootstrap), in, out), cfg)
	deleteTopic(t, cfg.Bootstrap, in)
	if err := a.wait(); err == nil || !strings.Contains(err.Error(), in) || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("the application ended with %v", err)
	}
}
