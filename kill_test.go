package millrace_test

import (
	"bufio"
	"context"
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
)

// childEnv makes the test binary run the word count instead of tests: "app in out statedir bootstrap".
const childEnv = "MILLRACE_TEST_CHILD"

func TestMain(m *testing.M) {
	if args := strings.Fields(os.Getenv(childEnv)); len(args) == 5 {
		os.Exit(child(args[0], args[1], args[2], args[3], args[4]))
	}
	os.Exit(m.Run())
}

// noTest lets helpers of tests run outside one.
type noTest struct{ testing.TB }

func (noTest) Helper()           {}
func (noTest) Fatal(args ...any) { fmt.Println(args...); os.Exit(1) }

func child(app, in, out, dir, bootstrap string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := millrace.Run(ctx, wordCount(noTest{}, app, in, out), millrace.Config{
		Bootstrap: bootstrap, StateDir: dir, Workers: 2, ReplicationFactor: 1,
		OnState: func(s millrace.State) { fmt.Println(s) },
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// spawn starts the word count in a process of its own and waits until it runs.
func spawn(t *testing.T, app, in, out, dir, bootstrap string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+strings.Join([]string{app, in, out, dir, bootstrap}, " "))
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
	const rounds, portion, vocabulary = 3, 3000, 300
	bootstrap := brokertest.Bootstrap(t)
	app := newApp(t, bootstrap)
	in, out := topics(t, bootstrap, 4, 2)
	dir := t.TempDir()
	text := lines(rounds*portion, vocabulary)
	for i := range rounds {
		cmd := spawn(t, app, in, out, dir, bootstrap)
		fed := make(chan error, 1)
		go func() { fed <- feed(t.Context(), bootstrap, in, text[i*portion:(i+1)*portion]) }()
		awaitRecords(t, bootstrap, out, int64(3*(i*portion+portion/2)))
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if err := <-fed; err != nil {
			t.Fatal(err)
		}
	}
	cmd := spawn(t, app, in, out, dir, bootstrap)
	brokertest.Consume(t, bootstrap, out, 3*rounds*portion, 60*time.Second)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the last child: %v", err)
	}
	checkCounts(t, brokertest.All(t, bootstrap, out), countsOf(rounds*portion, vocabulary))
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
			batch[i] = &kgo.Record{Key: r.Key, Value: r.Value}
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
