package task_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/task"
	"github.com/millrace-go/millrace/topology"
)

// childEnv makes the test binary run a program of this file instead of tests.
const childEnv = "MILLRACE_TASK_CHILD"

func TestMain(m *testing.M) {
	if args := strings.Fields(os.Getenv(childEnv)); len(args) > 0 {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		err := programs[args[0]](ctx, args[1:])
		stop()
		if err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var programs = map[string]func(ctx context.Context, args []string) error{"worker": workerProgram, "app": appProgram}

// workerProgram is a worker that fails, panics and dawdles at random: bootstrap, task, seed.
func workerProgram(ctx context.Context, args []string) error {
	seed, err := strconv.ParseUint(args[2], 10, 64)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	rnd := rand.New(rand.NewPCG(seed, 1))
	draw := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return rnd.IntN(n)
	}
	do := func(ctx context.Context, s string) (int64, error) {
		time.Sleep(time.Duration(draw(15)) * time.Millisecond) // work takes time
		switch k := draw(100); {
		case k < 5:
			return 0, errors.New("not this time")
		case k < 10:
			panic("not this time either")
		case k < 11:
			select { // longer than it may take
			case <-ctx.Done():
				return 0, ctx.Err()
			case <-time.After(3 * time.Second):
			}
		}
		return int64(len(s)), nil
	}
	fmt.Println("ready")
	return task.NewWorker(task.Define[string, int64](args[1]), do, task.WorkerConfig{
		Bootstrap: args[0], Concurrency: 8, SessionTimeout: 6 * time.Second, Logger: slog.New(slog.DiscardHandler),
	}).Run(ctx)
}

// appProgram is a topology with one task: bootstrap, task, application id, state directory, guarantee.
func appProgram(ctx context.Context, args []string) error {
	b := topology.New(args[2])
	t := task.Define[string, int64](args[1])
	results := task.External(stream.From(b, topology.NewTopic[string, string](args[2]+"-texts")), t, task.Options{
		Attempts: 50, StartToClose: 2 * time.Second, Backoff: 50 * time.Millisecond, MaxBackoff: 200 * time.Millisecond,
	})
	results.To(topology.NewTopic[string, int64](args[2] + "-lengths"))
	topo, err := b.Build()
	if err != nil {
		return err
	}
	guarantee := millrace.ExactlyOnce
	if args[4] == "at-least-once" {
		guarantee = millrace.AtLeastOnce
	}
	return millrace.Run(ctx, topo, millrace.Config{
		Bootstrap: args[0], StateDir: args[3], Guarantee: guarantee, Workers: 1, ReplicationFactor: 1, SessionTimeout: 30 * time.Second,
		Logger: slog.New(slog.DiscardHandler), OnState: func(s millrace.State) {
			if s == millrace.StateRunning {
				fmt.Println("ready")
			}
		},
	})
}

// spawn starts a program in a process of its own and waits until it is ready.
func spawn(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+strings.Join(args, " "))
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		readers.Wait()
		_ = cmd.Wait()
	})
	ready := make(chan bool, 1)
	readers.Go(func() {
		for s := bufio.NewScanner(stdout); s.Scan(); {
			switch {
			case s.Text() == "ready":
				ready <- true
			case strings.HasPrefix(s.Text(), "error: "), strings.HasPrefix(s.Text(), "panic: "):
				t.Log(args[0] + ": " + s.Text())
			}
		}
		close(ready)
	})
	select {
	case ok := <-ready:
		if !ok {
			t.Fatalf("%s ended before it was ready", args[0])
		}
	case <-time.After(60 * time.Second):
		t.Fatalf("%s is not ready after a minute", args[0])
	}
	return cmd
}

// awaitEnd waits until a topic has so many committed records.
func awaitEnd(t *testing.T, bootstrap, topic string, n int64) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(bootstrap))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sum := int64(0)
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		ends, err := kadm.NewClient(c).ListCommittedOffsets(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		sum = 0
		ends.Each(func(o kadm.ListedOffset) { sum += o.Offset })
		if sum >= n {
			return
		}
	}
	t.Fatalf("topic %s has %d records, markers included, after 90 s, not %d", topic, sum, n)
}

// TestChaos kills workers and the application at random while workers fail at random: every record has its result, once
// under exactly-once and at least once otherwise.
func TestChaos(t *testing.T) {
	t.Parallel()
	for _, g := range []millrace.Guarantee{millrace.ExactlyOnce, millrace.AtLeastOnce} {
		t.Run(g.String(), func(t *testing.T) {
			t.Parallel()
			chaos(t, g, rand.Uint64())
		})
	}
}

func chaos(t *testing.T, g millrace.Guarantee, seed uint64) { //nolint:thelper // it is the test
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	const n = 1500
	f := newField(t, 3)
	app := brokertest.UniqueName(t, "tasks")
	in, out := app+"-texts", app+"-lengths"
	brokertest.Topics(t, f.bootstrap, brokertest.Topic{Name: in, Partitions: 3}, brokertest.Topic{Name: out, Partitions: 2})
	brokertest.DeleteTopics(t, f.bootstrap, app+"-tasks", app+"-"+f.task.Name+"-changelog")
	recs := make([]brokertest.Record, n)
	want := map[string]int64{}
	for i := range recs {
		key, text := fmt.Sprint("k", i), strings.Repeat("x", rnd.IntN(100))
		recs[i] = brokertest.Record{Key: []byte(key), Value: []byte(text)}
		want[key] = int64(len(text))
	}
	brokertest.Produce(t, f.bootstrap, in, recs...)
	dir := t.TempDir()
	newApp := func() *exec.Cmd {
		return spawn(t, "app", f.bootstrap, f.task.Name, app, dir, strings.ReplaceAll(g.String(), " ", "-"))
	}
	newWorker := func() *exec.Cmd { return spawn(t, "worker", f.bootstrap, f.task.Name, fmt.Sprint(rnd.Uint64())) }
	application, workers := newApp(), []*exec.Cmd{newWorker(), newWorker()}
	for i := range 3 {
		awaitEnd(t, f.bootstrap, f.task.OutputTopic(), int64((i+1)*n/2)) // each request has two messages at least
		switch k := rnd.IntN(3); {
		case k < 2:
			t.Logf("kill worker %d", k)
			awaitSettled(t, f.bootstrap, f.task.Name, len(workers), 3)
			kill(t, workers[k])
			workers[k] = newWorker()
		default:
			t.Log("kill the application")
			kill(t, application)
			application = newApp()
		}
	}
	awaitKeys(t, f.bootstrap, out, n)
	for _, w := range workers {
		end(t, w)
	}
	// What workers said last has been looked at when nothing is left to read.
	awaitCaughtUp(t, f.bootstrap, app, f.task.OutputTopic())
	end(t, application)
	diff(t, "dead letters", 0, len(brokertest.All(t, f.bootstrap, f.task.DeadTopic())))
	got, doubled := map[string]int64{}, 0
	for _, r := range brokertest.All(t, f.bootstrap, out) {
		if _, ok := got[string(r.Key)]; ok {
			doubled++
		}
		got[string(r.Key)] = int64(binary.BigEndian.Uint64(r.Value))
	}
	diff(t, "results", want, got)
	if doubled > 0 && g == millrace.ExactlyOnce {
		t.Errorf("%d results came twice", doubled)
	}
}

// awaitSettled waits, on the embedded broker, until as many workers are alive share all partitions: kfake keeps a member that
// died while it was joining, with its partitions, for ever. Kafka lets it go when its session is over.
func awaitSettled(t *testing.T, bootstrap, name string, workers, partitions int) {
	t.Helper()
	if brokertest.Real() {
		return
	}
	c, err := kgo.NewClient(kgo.SeedBrokers(bootstrap))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		groups, err := kadm.NewClient(c).DescribeGroups(t.Context(), "task-"+name)
		if err != nil {
			t.Fatal(err)
		}
		busy, owned := 0, 0
		for _, m := range groups["task-"+name].Members {
			if a, ok := m.Assigned.AsConsumer(); ok {
				n := 0
				for _, topic := range a.Topics {
					n += len(topic.Partitions)
				}
				owned += n
				busy += min(n, 1)
			}
		}
		if len(groups["task-"+name].Members) == workers && busy == workers && owned == partitions {
			return
		}
	}
	t.Fatalf("the workers of task %s do not settle in 90 s", name)
}

// kill ends a program without a warning.
func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
}

// end stops a program as an operator would.
func end(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("a program ended with %v", err)
	}
}

// awaitKeys reads a topic until it has so many different keys.
func awaitKeys(t *testing.T, bootstrap, topic string, n int) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 240*time.Second) // killed workers cost the group a time-out each
	defer cancel()
	keys := map[string]bool{}
	for len(keys) < n {
		fetches := c.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("topic %s has %d different keys after four minutes, not %d", topic, len(keys), n)
		}
		fetches.EachRecord(func(r *kgo.Record) { keys[string(r.Key)] = true })
	}
}

// awaitCaughtUp waits until a group has committed a topic's ends.
func awaitCaughtUp(t *testing.T, bootstrap, group, topic string) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(bootstrap))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	admin := kadm.NewClient(c)
	behind := int64(0)
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		ends, err := admin.ListEndOffsets(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		at, err := admin.FetchOffsets(t.Context(), group)
		if err != nil {
			t.Fatal(err)
		}
		behind = 0
		ends.Each(func(o kadm.ListedOffset) {
			committed, _ := at.Lookup(topic, o.Partition)
			behind += o.Offset - max(0, committed.At)
		})
		if behind == 0 {
			return
		}
	}
	t.Fatalf("group %s is %d records behind the end of topic %s after a minute", group, behind, topic)
}
