package task_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/task"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// TestAnyOrder plays workers that answer in any order, twice, late, wrongly or not at all, while time goes on: each request
// ends exactly once, as a result that a worker gave it or as a dead letter.
func TestAnyOrder(t *testing.T) {
	t.Parallel()
	for range 60 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			anyOrder(t, rand.New(rand.NewPCG(seed, 0)))
		})
	}
}

func anyOrder(t *testing.T, rnd *rand.Rand) {
	t.Helper()
	r := newRig(t, task.Options{
		Attempts: 1 + rnd.IntN(4), StartToClose: time.Duration(1+rnd.IntN(20)) * time.Second, Backoff: time.Second,
		ScheduleToStart: time.Duration(rnd.IntN(2)) * 7 * time.Second, ScheduleToClose: time.Duration(rnd.IntN(2)) * 50 * time.Second,
	}, testkit.CommitEvery(1+rnd.IntN(5)))
	var open []task.Request[string] // all attempts that were ever sent
	bodies := map[string]string{}
	asked := 0
	for range 300 {
		for _, q := range r.requests.ReadAll() {
			open = append(open, q.Value)
			bodies[q.Value.ID] = q.Value.Body
		}
		switch k := rnd.IntN(10); {
		case k < 2:
			asked++
			r.in.Pipe(fmt.Sprint("k", rnd.IntN(5)), fmt.Sprintf("text %d", asked), int64(asked))
		case k < 3:
			r.Advance(time.Duration(rnd.IntN(3000)) * time.Millisecond)
		case len(open) > 0:
			q := open[rnd.IntN(len(open))]
			switch rnd.IntN(8) {
			case 0, 1, 2:
				r.answer("", q.Started[int64]())
			case 3, 4:
				r.answer("", q.Done(int64(len(q.Body))))
			case 5, 6:
				r.answer("", q.Failed[int64](errBusy))
			default:
				r.answer("", q.Failed[int64](task.Permanent(errBusy)))
			}
		}
	}
	for range 400 { // nobody answers any more: only what waits for a worker without a time-out stays
		r.Advance(time.Second)
	}
	r.Commit()
	for _, q := range r.requests.ReadAll() {
		bodies[q.Value.ID] = q.Value.Body
		r.answer("", q.Value.Done(int64(len(q.Value.Body))))
	}
	for id, body := range bodies {
		r.answer("", task.Request[string]{ID: id, Attempt: 1, Body: body}.Done(int64(len(body))))
	}
	diff(t, "requests", asked, len(bodies))
	ended := map[int64]int{}
	for _, x := range r.out.ReadAll() {
		ended[x.Timestamp]++
		diff(t, "result", int64(len(fmt.Sprintf("text %d", x.Timestamp))), x.Value)
	}
	for _, x := range r.dead.ReadAll() {
		ended[x.Timestamp]++
		diff(t, "dead letter's body", fmt.Sprintf("text %d", x.Timestamp), x.Value.Body)
	}
	for i := range asked {
		if n := ended[int64(i+1)]; n != 1 {
			t.Errorf("request %d ended %d times", i+1, n)
		}
	}
	diff(t, "rows", 0, len(r.Rows[[]byte, []byte]("length")))
}

// TestReplay has the stream after the operator fail on a result, once: what the result had done is taken back, so the
// request is still pending, and another attempt brings it to its end.
func TestReplay(t *testing.T) {
	t.Parallel()
	b := topology.New("replay")
	fail := true
	results := task.External(stream.From(b, texts), length, task.Options{StartToClose: time.Second})
	results.Process(func(c *stream.Context[string, int64]) (func(stream.Record[string, int64]) error, error) {
		return func(r stream.Record[string, int64]) error {
			if fail {
				fail = false
				return errors.New("not this time")
			}
			return c.Forward(r)
		}, nil
	}).To(lengths)
	d := testkit.New(t, topology.Must(b.Build()), testkit.Once(), testkit.SkipErrors(), testkit.StartAt(epoch))
	requests, answers := d.Output(length.Requests[string]()), d.Input(length.Results[string]())
	d.Input(texts).Pipe("a", "four", 42)
	first := requests.Read().Value
	answers.Pipe("a", first.Started[int64](), 0)
	answers.Pipe("a", first.Done(int64(4)), 0)
	diff(t, "results that failed", 0, len(d.Output(lengths).ReadAll()))
	d.Advance(time.Second)
	d.Advance(time.Second)
	second := requests.Read().Value
	diff(t, "id", first.ID, second.ID)
	answers.Pipe("a", second.Done(int64(4)), 0)
	diff(t, "results", []int64{4}, d.Output(lengths).Values())
}
