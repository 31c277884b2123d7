package task_test

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/task"
)

// longest bounds a test that would hang. It is far above what a slow machine needs.
const longest = 2 * time.Minute

// field is a task of the test's own on a broker, and the test in the place of the topology.
type field struct {
	t         *testing.T
	bootstrap string
	admin     *kadm.Client
	task      task.Task[string, int64]
}

func newField(t *testing.T, partitions int32) *field {
	t.Helper()
	bootstrap := brokertest.Bootstrap(t)
	f := &field{t: t, bootstrap: bootstrap, admin: brokertest.Admin(t, bootstrap), task: task.Define[string, int64](brokertest.UniqueName(t, "length"))}
	brokertest.Topics(t, f.bootstrap,
		brokertest.Topic{Name: f.task.InputTopic(), Partitions: partitions},
		brokertest.Topic{Name: f.task.OutputTopic(), Partitions: partitions},
		brokertest.Topic{Name: f.task.DeadTopic()})
	return f
}

func (f *field) config() task.WorkerConfig {
	return task.WorkerConfig{
		Bootstrap: f.bootstrap, Concurrency: 4, SessionTimeout: 6 * time.Second, StopTimeout: 10 * time.Second, Name: "tester",
		Logger: slog.New(slog.NewTextHandler(testWriter{f.t}, &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// run runs a worker until stop is called or the test ends; stop returns Run's error.
func (f *field) run(do func(context.Context, string) (int64, error), cfg task.WorkerConfig) (stop func() error) {
	f.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	return f.runUntil(ctx, cancel, do, cfg)
}

// runUntil is run with a context that stop cancels.
func (f *field) runUntil(ctx context.Context, cancel func(), do func(context.Context, string) (int64, error), cfg task.WorkerConfig) (stop func() error) {
	f.t.Helper()
	done := make(chan error, 1)
	go func() { done <- task.NewWorker(f.task, do, cfg).Run(ctx) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(longest):
			return fmt.Errorf("the worker does not stop")
		}
	}
	f.t.Cleanup(func() {
		if err := stop(); err != nil {
			f.t.Errorf("stop a worker: %v", err)
		}
	})
	return stop
}

// ask writes requests, each to the partition it names.
func (f *field) ask(partition int32, rs ...task.Request[string]) {
	f.t.Helper()
	codec := f.task.Requests[string]().Value
	var recs []brokertest.Record
	for _, r := range rs {
		b, err := codec.Append(nil, r)
		if err != nil {
			f.t.Fatal(err)
		}
		recs = append(recs, brokertest.Record{
			Partition: partition, Key: []byte("key of " + r.ID), Value: b, Headers: []brokertest.Header{{Name: "trace", Value: []byte(r.ID)}},
		})
	}
	brokertest.ProduceTo(f.t, f.bootstrap, f.task.InputTopic(), recs...)
}

// answers decodes what workers wrote.
func (f *field) answers(recs []brokertest.Record) []task.Result[int64] {
	f.t.Helper()
	codec := f.task.Results[string]().Value
	list := make([]task.Result[int64], len(recs))
	for i, r := range recs {
		var err error
		if list[i], err = codec.Decode(r.Value); err != nil {
			f.t.Fatal(err)
		}
	}
	return list
}

func request(id, body string) task.Request[string] {
	return task.Request[string]{ID: id, Attempt: 1, Attempts: 3, Time: 7, Timeout: time.Minute, Body: body}
}

func TestWorkerAnswers(t *testing.T) {
	t.Parallel()
	f := newField(t, 3)
	f.ask(1, request("a", "four"))
	f.ask(2, request("b", "to be"))
	stop := f.run(func(_ context.Context, s string) (int64, error) { return int64(len(s)), nil }, f.config())
	recs := brokertest.Consume(t, f.bootstrap, f.task.OutputTopic(), 4, longest)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	byID := map[string][]task.Result[int64]{}
	for i, a := range f.answers(recs) {
		byID[a.ID] = append(byID[a.ID], a)
		want := brokertest.Record{Partition: map[string]int32{"a": 1, "b": 2}[a.ID], Key: []byte("key of " + a.ID)}
		diff(t, "partition", want.Partition, recs[i].Partition)
		diff(t, "key", want.Key, recs[i].Key)
		diff(t, "headers", []brokertest.Header{{Name: "trace", Value: []byte(a.ID)}}, recs[i].Headers)
	}
	base := task.Result[int64]{Attempt: 1, Time: 7, Worker: "tester"}
	want := map[string][]task.Result[int64]{}
	for id, n := range map[string]int64{"a": 4, "b": 5} {
		begun, ok := base, base
		begun.ID, begun.Status, begun.Null = id, task.StatusStarted, true
		ok.ID, ok.Status, ok.Body = id, task.StatusOK, n
		want[id] = []task.Result[int64]{begun, ok}
	}
	diff(t, "answers", want, byID)
}

// TestWorkerFailures has functions fail in every way.
func TestWorkerFailures(t *testing.T) {
	t.Parallel()
	f := newField(t, 1)
	slow := request("slow", "slow")
	slow.Timeout = 50 * time.Millisecond
	late := request("late", "late")
	late.Deadline = time.Now().Add(-time.Hour).UnixMilli()
	f.ask(0, late, request("error", "error"), request("panic", "panic"), request("permanent", "permanent"), slow, request("well", "well"))
	brokertest.ProduceTo(t, f.bootstrap, f.task.InputTopic(), brokertest.Record{Value: []byte("no request")}, brokertest.Record{Key: []byte("k")})
	f.ask(0, request("last", "last"))
	cfg := f.config()
	f.run(func(ctx context.Context, s string) (int64, error) {
		a, ok := task.AttemptOf(ctx)
		if !ok || a.ID != s || a.Number != 1 || a.Of != 3 || a.Time != 7 || string(a.Key) != "key of "+s || len(a.Headers) != 1 {
			return 0, fmt.Errorf("the attempt is %+v", a)
		}
		switch s {
		case "error":
			return 0, errBusy
		case "panic":
			panic("oh no")
		case "permanent":
			return 0, fmt.Errorf("more: %w", task.Permanent(errBusy))
		case "slow":
			<-ctx.Done()
			return 0, ctx.Err()
		case "late":
			t.Error("a request whose time is over was worked on")
		}
		return 1, nil
	}, cfg)
	got := map[string]string{}
	for _, a := range f.answers(brokertest.Consume(t, f.bootstrap, f.task.OutputTopic(), 12, longest)) {
		if a.Status != task.StatusStarted {
			got[a.ID] = string(a.Status) + ": " + a.Error
		}
	}
	diff(t, "answers", map[string]string{
		"error": "retry: " + errBusy.Error(), "panic": "retry: panic: oh no", "permanent": "failed: more: " + errBusy.Error(),
		"slow": "retry: the attempt took longer than 50ms (context deadline exceeded)", "well": "ok: ", "last": "ok: ",
	}, got)
	f.awaitCommitted(map[int32]int64{0: 9})
}

// awaitCommitted waits until the group has committed these positions.
func (f *field) awaitCommitted(want map[int32]int64) {
	f.t.Helper()
	var got map[int32]int64
	for deadline := time.Now().Add(longest); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if got = f.committed(); cmp.Equal(want, got) {
			return
		}
	}
	diff(f.t, "committed positions", want, got)
}

func (f *field) committed() map[int32]int64 {
	f.t.Helper()
	offsets, err := f.admin.FetchOffsets(f.t.Context(), "task-"+f.task.Name)
	if err != nil {
		f.t.Fatal(err)
	}
	at := map[int32]int64{}
	offsets.Each(func(o kadm.OffsetResponse) { at[o.Partition] = o.At })
	return at
}

// TestWorkerLowestGap has the second of five requests take long: the position stays at it while the others are answered,
// and a worker that takes over does it again.
func TestWorkerLowestGap(t *testing.T) {
	t.Parallel()
	f := newField(t, 1)
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		f.ask(0, request(id, id))
	}
	cfg := f.config()
	cfg.StopTimeout = time.Millisecond
	most, running := atomic.Int64{}, atomic.Int64{}
	stop := f.run(func(ctx context.Context, s string) (int64, error) {
		most.Store(max(most.Load(), running.Add(1)))
		defer running.Add(-1)
		if s == "b" {
			<-ctx.Done()
			return 0, ctx.Err()
		}
		return 1, nil
	}, cfg)
	brokertest.Consume(t, f.bootstrap, f.task.OutputTopic(), 9, longest)
	f.awaitCommitted(map[int32]int64{0: 1})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if n := most.Load(); n < 2 || n > 4 {
		t.Errorf("%d functions ran at once, with a concurrency of 4", n)
	}
	diff(t, "committed positions", map[int32]int64{0: 1}, f.committed())
	f.run(func(context.Context, string) (int64, error) { return 2, nil }, f.config())
	f.awaitCommitted(map[int32]int64{0: 5})
	done := map[string][]int64{}
	for _, a := range f.answers(brokertest.All(t, f.bootstrap, f.task.OutputTopic())) {
		if a.Status != task.StatusStarted {
			done[a.ID] = append(done[a.ID], a.Body)
		}
	}
	diff(t, "results", map[string][]int64{"a": {1}, "b": {2}, "c": {1, 2}, "d": {1, 2}, "e": {1, 2}}, done)
}

// TestWorkerStop stops a worker in the middle of its work: what is under way is done and committed, no more is begun.
func TestWorkerStop(t *testing.T) {
	t.Parallel()
	f := newField(t, 1)
	for i := range 20 {
		f.ask(0, request(fmt.Sprint(i), "x"))
	}
	begun, release := make(chan struct{}, 20), make(chan struct{})
	run, cancel := context.WithCancel(context.Background())
	context.AfterFunc(run, func() { close(release) })
	stop := f.runUntil(run, cancel, func(ctx context.Context, _ string) (int64, error) {
		begun <- struct{}{}
		<-release
		return 1, ctx.Err()
	}, f.config())
	for range 4 {
		<-begun
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	diff(t, "committed positions", map[int32]int64{0: 4}, f.committed())
	diff(t, "begun after the stop", 0, len(begun))
}

// TestWorkerRebalance has a second worker come: the requests of the partitions that it gets are done by it, those that the
// first had begun are cut short, and all are answered.
func TestWorkerRebalance(t *testing.T) {
	t.Parallel()
	f := newField(t, 2)
	f.ask(0, request("a", "x"))
	f.ask(1, request("b", "x"))
	begun, cut := make(chan string, 4), make(chan string, 4)
	first := func(ctx context.Context, _ string) (int64, error) {
		a, _ := task.AttemptOf(ctx)
		begun <- a.ID
		<-ctx.Done()
		cut <- a.ID
		return 0, ctx.Err()
	}
	cfg := f.config()
	cfg.StopTimeout = time.Millisecond
	stop := f.run(first, cfg)
	<-begun
	<-begun
	f.run(func(context.Context, string) (int64, error) { return 2, nil }, f.config())
	select {
	case <-cut: // one of them, of the partition that moved
	case <-time.After(longest):
		t.Fatal("no work was cut short")
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	f.awaitCommitted(map[int32]int64{0: 1, 1: 1})
	for _, a := range f.answers(brokertest.All(t, f.bootstrap, f.task.OutputTopic())) {
		if a.Status == task.StatusRetry {
			t.Errorf("work that was cut short was reported: %+v", a)
		}
	}
}

// TestWorkerTooLarge has a result that the broker does not take: the request is given up, and the others go on.
func TestWorkerTooLarge(t *testing.T) {
	t.Parallel()
	f := newField(t, 1)
	large := task.Define[string, []byte](f.task.Name)
	f.ask(0, request("large", "2000000"), request("small", "2"))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- task.NewWorker(large, func(_ context.Context, s string) ([]byte, error) {
			n, err := strconv.Atoi(s)
			return make([]byte, n), err
		}, f.config()).Run(ctx)
	}()
	recs := brokertest.Consume(t, f.bootstrap, f.task.OutputTopic(), 4, longest)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	got := map[string]task.Status{}
	for _, r := range recs {
		a, err := large.Results[string]().Value.Decode(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		if a.Status != task.StatusStarted {
			got[a.ID] = a.Status
		}
		if a.Status == task.StatusFailed && !strings.Contains(a.Error, "cannot be sent") {
			t.Errorf("the error is %q", a.Error)
		}
	}
	diff(t, "answers", map[string]task.Status{"large": task.StatusFailed, "small": task.StatusOK}, got)
	diff(t, "committed positions", map[int32]int64{0: 2}, f.committed())
}

// TestWorkerErrors has what keeps a worker from starting.
func TestWorkerErrors(t *testing.T) {
	t.Parallel()
	f := newField(t, 2)
	do := func(context.Context, string) (int64, error) { return 0, nil }
	absent := task.Define[string, int64](brokertest.UniqueName(t, "absent"))
	uneven := task.Define[string, int64](brokertest.UniqueName(t, "uneven"))
	newer := newField(t, 1)
	brokertest.Produce(t, newer.bootstrap, newer.task.InputTopic(), brokertest.Record{Value: []byte("\x81\xa1v\x02")})
	brokertest.Topics(t, f.bootstrap, brokertest.Topic{Name: uneven.InputTopic(), Partitions: 2}, brokertest.Topic{Name: uneven.OutputTopic()})
	for _, tt := range []struct {
		name string
		t    task.Task[string, int64]
		do   func(context.Context, string) (int64, error)
		with func(c *task.WorkerConfig)
		want string
	}{
		{"no function", f.task, nil, nil, "the function is nil"},
		{"a bad name", task.Define[string, int64]("a b"), do, nil, "cannot name topics"},
		{"no broker's address", f.task, do, func(c *task.WorkerConfig) { c.Bootstrap = "" }, "no Bootstrap"},
		{"negative concurrency", f.task, do, func(c *task.WorkerConfig) { c.Concurrency = -1 }, "a concurrency of -1"},
		{"a group among the properties", f.task, do, func(c *task.WorkerConfig) { c.Properties = map[string]string{"group.id": "g"} }, "WorkerConfig.Group"},
		{"a property on which it relies", f.task, do, func(c *task.WorkerConfig) { c.Properties = map[string]string{"acks": "0"} }, `"acks" cannot be set`},
		{"no topics", absent, do, nil, "topic " + absent.InputTopic() + " does not exist"},
		{"topics that do not fit", uneven, do, nil, "has 2 partitions and " + uneven.OutputTopic() + " has 1"},
		{"a request of a newer version", newer.task, do, nil, "partition 0, offset 0: task: a request does not decode: it has version 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := f.config()
			if tt.with != nil {
				tt.with(&cfg)
			}
			ctx, cancel := context.WithTimeout(context.Background(), longest)
			defer cancel()
			err := task.NewWorker(tt.t, tt.do, cfg).Run(ctx)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Run: %v; want it to say %q", err, tt.want)
			}
		})
	}
}
