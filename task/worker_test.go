package task_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/task"
)

// field is a task of the test's own on a broker, and the test in the place of the topology.
type field struct {
	t         *testing.T
	bootstrap string
	task      task.Task[string, int64]
}

func newField(t *testing.T, partitions int32) *field {
	t.Helper()
	f := &field{t: t, bootstrap: brokertest.Bootstrap(t), task: task.Define[string, int64](brokertest.UniqueName(t, "length"))}
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
		case <-time.After(60 * time.Second):
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
	recs := brokertest.Consume(t, f.bootstrap, f.task.OutputTopic(), 4, 30*time.Second)
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
