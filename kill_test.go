package millrace_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
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
	err := millrace.Run(ctx, slowWordCount(noTest{}, app, in, out, 50*time.Microsecond), millrace.Config{
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

// TestKill kills the process without warning, three times in the middle of its work: every word is counted once.
func TestKill(t *testing.T) {
	t.Parallel()
	const n, vocabulary = 40_000, 300
	bootstrap := brokertest.Bootstrap(t)
	app := newApp(t, bootstrap)
	in, out := topics(t, bootstrap, 4, 2)
	dir := t.TempDir()
	brokertest.Produce(t, bootstrap, in, lines(n, vocabulary)...)
	for i := range 3 {
		cmd := spawn(t, app, in, out, dir, bootstrap)
		started := time.Now()
		awaitRecords(t, bootstrap, out, int64(i+1)*3*n/5)
		t.Logf("%d of %d records after %v", int64(i+1)*3*n/5, 3*n, time.Since(started))
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
	}
	cmd := spawn(t, app, in, out, dir, bootstrap)
	brokertest.Consume(t, bootstrap, out, 3*n, 60*time.Second)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the last child: %v", err)
	}
	checkCounts(t, brokertest.All(t, bootstrap, out), countsOf(n, vocabulary))
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
