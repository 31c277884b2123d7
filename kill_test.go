package millrace_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/topology"
)

// childEnv makes the test binary run a topology instead of tests: "topology app statedir bootstrap topic...".
const childEnv = "MILLRACE_TEST_CHILD"

func TestMain(m *testing.M) {
	if args := strings.Fields(os.Getenv(childEnv)); len(args) > 4 {
		os.Exit(child(args[0], args[1], args[2], args[3], args[4:]))
	}
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set("8") // the tests wait for brokers more than they work
	}
	os.Exit(m.Run())
}

// noTest lets helpers of tests run outside one.
type noTest struct{ testing.TB }

func (noTest) Helper()           {}
func (noTest) Fatal(args ...any) { fmt.Println(args...); os.Exit(1) }

// drawings are the topologies that a child can run.
var drawings = map[string]func(tb testing.TB, app string, topics []string) *topology.Topology{
	"words": func(t testing.TB, app string, topics []string) *topology.Topology {
		return wordCount(t, app, topics[0], topics[1])
	},
	"sessions": func(t testing.TB, app string, topics []string) *topology.Topology {
		return visits(t, app, topics[0], topics[1], topics[2])
	},
}

func child(drawing, app, dir, bootstrap string, topics []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := millrace.Run(ctx, drawings[drawing](noTest{}, app, topics), millrace.Config{
		Bootstrap: bootstrap, StateDir: dir, Workers: 2, ReplicationFactor: 1,
		OnState: func(s millrace.State) { fmt.Println(s) },
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// spawn starts a topology in a process of its own and waits until it runs.
func spawn(t *testing.T, drawing, app, dir, bootstrap string, topics ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+strings.Join(append([]string{drawing, app, dir, bootstrap}, topics...), " "))
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	running := make(chan bool, 1)
	go func() {
		for s := bufio.NewScanner(stdout); s.Scan(); {
			t.Log("child: " + s.Text())
			if s.Text() == millrace.StateRunning.String() {
				running <- true
			}
		}
		running <- false
	}()
	select {
	case ok := <-running:
		if !ok {
			t.Fatal("the child ended before it ran")
		}
	case <-time.After(60 * time.Second):
		t.Fatal("the child does not run after a minute")
	}
	return cmd
}

// TestKill kills the process without warning, three times in the middle of its work: every word is counted once. What it
// works on is written while it works, so that both halves of the topology are busy when it dies.
func TestKill(t *testing.T) {
	t.Parallel()
	const n, vocabulary = 9000, 300
	bootstrap := brokertest.Bootstrap(t)
	app := newApp(t, bootstrap)
	in, out := topics(t, bootstrap, 4, 2)
	killed{"words", app, []string{in, out}, 3}.run(t, bootstrap, lines(n, vocabulary), 3)
	checkCounts(t, brokertest.All(t, bootstrap, out), countsOf(n, vocabulary))
}

// killed is a topology whose process is killed while it works.
type killed struct {
	drawing, app string
	topics       []string // the first is fed, the last holds the results
	results      int      // for each record
}

// run feeds records in portions, and kills the process in the middle of each. It returns when all results are there and
// the last process has stopped in peace.
func (k killed) run(t *testing.T, bootstrap string, records []brokertest.Record, kills int) {
	t.Helper()
	dir, in, out := t.TempDir(), k.topics[0], k.topics[len(k.topics)-1]
	portion := len(records) / kills
	for i := range kills {
		cmd := spawn(t, k.drawing, k.app, dir, bootstrap, k.topics...)
		fed := make(chan error, 1)
		go func() { fed <- feed(t.Context(), bootstrap, in, records[i*portion:(i+1)*portion]) }()
		awaitRecords(t, bootstrap, out, int64(k.results*(i*portion+portion/2)))
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if err := <-fed; err != nil {
			t.Fatal(err)
		}
	}
	cmd := spawn(t, k.drawing, k.app, dir, bootstrap, k.topics...)
	brokertest.Consume(t, bootstrap, out, k.results*portion*kills, 60*time.Second)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the last child: %v", err)
	}
}

// feed writes records a few at a time, each time waiting until the broker has them.
func feed(ctx context.Context, bootstrap, topic string, records []brokertest.Record) error {
	c, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.DefaultProduceTopic(topic), kgo.ProducerLinger(0))
	if err != nil {
		return err
	}
	defer c.Close()
	for few := range slices.Chunk(records, 20) {
		batch := make([]*kgo.Record, len(few))
		for i, r := range few {
			batch[i] = &kgo.Record{Key: r.Key, Value: r.Value, Timestamp: r.Timestamp}
		}
		if err := c.ProduceSync(ctx, batch...).FirstErr(); err != nil {
			return err
		}
	}
	return nil
}

// awaitRecords waits until a topic's partitions are so long together.
func awaitRecords(t *testing.T, bootstrap, topic string, n int64) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(bootstrap))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	admin := kadm.NewClient(c)
	sum := int64(0)
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		ends, err := admin.ListCommittedOffsets(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		sum = 0
		ends.Each(func(o kadm.ListedOffset) { sum += o.Offset })
		if sum >= n {
			return
		}
	}
	t.Fatalf("topic %s has %d records after a minute, not %d", topic, sum, n)
}
