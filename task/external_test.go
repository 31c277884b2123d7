package task_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/task"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// length is a task for tests: the length of a text.
var length = task.Define[string, int64]("length")

var (
	texts   = topology.NewTopic[string, string]("texts")
	lengths = topology.NewTopic[string, int64]("lengths")
)

// rig is a topology of one task, with the test in the place of the worker.
type rig struct {
	*testkit.Driver
	t        testing.TB
	in       *testkit.Input[string, string]
	requests *testkit.Output[string, task.Request[string]]
	answers  *testkit.Input[string, task.Result[int64]]
	out      *testkit.Output[string, int64]
	dead     *testkit.Output[string, task.Dead[string]]
}

// epoch is where the clocks of these tests begin.
const epoch = 1_000_000

func newRig(tb testing.TB, o task.Options, opts ...testkit.Option) *rig {
	tb.Helper()
	b := topology.New("lengths")
	task.External(stream.From(b, texts), length, o).To(lengths)
	topo, err := b.Build()
	if err != nil {
		tb.Fatal(err)
	}
	d := testkit.New(tb, topo, append([]testkit.Option{testkit.StartAt(epoch)}, opts...)...)
	return &rig{
		Driver: d, t: tb, in: d.Input(texts), requests: d.Output(length.Requests[string]()), answers: d.Input(length.Results[string]()),
		out: d.Output(lengths), dead: d.Output(length.DeadLetters[string]()),
	}
}

func (r *rig) answer(key string, res task.Result[int64]) {
	r.t.Helper()
	// What a worker's client writes as the record's time is of no account.
	r.answers.PipeRecord(stream.Record[string, task.Result[int64]]{Key: key, Value: res, Timestamp: 1 << 50})
}

func diff[T any](tb testing.TB, what string, want, got T) {
	tb.Helper()
	if d := cmp.Diff(want, got); d != "" {
		tb.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestFirstResultCounts(t *testing.T) {
	t.Parallel()
	r := newRig(t, task.Options{})
	headers := []stream.Header{{Key: "trace", Value: []byte("1")}, {Key: "none"}}
	r.in.PipeRecord(stream.Record[string, string]{Key: "a", Value: "four", Timestamp: 42, Headers: headers})
	rec := r.requests.Read()
	req := rec.Value
	diff(t, "request", task.Request[string]{ID: req.ID, Attempt: 1, Attempts: 5, Time: 42, Timeout: 10 * time.Minute, Body: "four"}, req)
	diff(t, "request's record", stream.Record[string, task.Request[string]]{
		Key: "a", Value: req, Timestamp: epoch, Headers: headers, Topic: "task-length-input",
	}, rec)
	r.answer("a", req.Started[int64]())
	r.answer("a", req.Done(int64(4)))
	r.answer("a", req.Done(int64(5)))
	r.answer("a", req.Started[int64]())
	diff(t, "results", []stream.Record[string, int64]{{Key: "a", Value: 4, Timestamp: 42, Headers: headers, Topic: "lengths"}}, r.out.ReadAll())
	diff(t, "dropped", 1, r.Dropped())
	diff(t, "rows", 0, len(r.Rows[[]byte, []byte]("length")))
}
