package task_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/internal/proctest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/task"
	"github.com/millrace-go/millrace/topology"
)

func TestMain(m *testing.M) {
	proctest.Main(map[string]proctest.Program{"worker": workerProgram, "app": appProgram})
	os.Exit(m.Run())
}

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
	if args[4] == millrace.AtLeastOnce.String() {
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

// spawn starts a program and waits until it is ready.
func spawn(t *testing.T, program string, args ...string) *proctest.Process {
	t.Helper()
	p := proctest.Start(t, program, args...)
	p.AwaitLine("ready")
	return p
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
	brokertest.DeleteTopics(t, f.bootstrap, app+"-tasks", app+"-members", app+"-"+f.task.Name+"-changelog")
	recs := make([]brokertest.Record, n)
	want := map[string]int64{}
	for i := range recs {
		key, text := fmt.Sprint("k", i), strings.Repeat("x", rnd.IntN(100))
		recs[i] = brokertest.Record{Key: []byte(key), Value: []byte(text)}
		want[key] = int64(len(text))
	}
	brokertest.Produce(t, f.bootstrap, in, recs...)
	dir := t.TempDir()
	newApp := func() *proctest.Process {
		return spawn(t, "app", f.bootstrap, f.task.Name, app, dir, g.String())
	}
	newWorker := func() *proctest.Process {
		return spawn(t, "worker", f.bootstrap, f.task.Name, fmt.Sprint(rnd.Uint64()))
	}
	application, workers := newApp(), []*proctest.Process{newWorker(), newWorker()}
	for i := range 3 {
		brokertest.AwaitEnd(t, f.bootstrap, f.task.OutputTopic(), int64((i+1)*n/2), longest) // each request has two messages at least
		switch k := rnd.IntN(3); {
		case k < 2:
			t.Logf("kill worker %d", k)
			awaitSettled(t, f.bootstrap, f.task.Name, len(workers), 3)
			workers[k].Kill()
			workers[k] = newWorker()
		default:
			t.Log("kill the application")
			application.Kill()
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
	admin := brokertest.Admin(t, bootstrap)
	for deadline := time.Now().Add(longest); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		groups, err := admin.DescribeGroups(t.Context(), "task-"+name)
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
	t.Fatalf("the workers of task %s do not settle within %v", name, longest)
}

// end stops a program as an operator would.
func end(t *testing.T, p *proctest.Process) {
	t.Helper()
	if err := p.Stop(); err != nil {
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
	admin, behind := brokertest.Admin(t, bootstrap), int64(0)
	for deadline := time.Now().Add(longest); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
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
	t.Fatalf("group %s is %d records behind the end of topic %s after %v", group, behind, topic, longest)
}
