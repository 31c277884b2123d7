package task_test

import (
	"errors"
	"testing"
	"time"

	"github.com/millrace-go/millrace/task"
	"github.com/millrace-go/millrace/testkit"
)

var errBusy = errors.New("the machine is busy")

func TestRetry(t *testing.T) {
	t.Parallel()
	r := newRig(t, task.Options{Attempts: 3, Backoff: 10 * time.Second})
	r.in.Pipe("a", "four", 42)
	first := r.requests.Read().Value
	r.answer("a", first.Started[int64]())
	r.answer("a", first.Failed[int64](errBusy))
	r.answer("a", first.Failed[int64](errBusy)) // of an attempt that is over
	diff(t, "dropped", 1, r.Dropped())
	r.Advance(4 * time.Second) // the wait is at least half of the longest
	diff(t, "requests while waiting", 0, len(r.requests.ReadAll()))
	r.Advance(6*time.Second + 100*time.Millisecond)
	second := r.requests.Read().Value
	want := first
	want.Attempt = 2
	diff(t, "second attempt", want, second)
	r.answer("a", first.Failed[int64](errBusy)) // of the first attempt still
	diff(t, "dropped", 2, r.Dropped())
	r.answer("a", second.Failed[int64](errBusy))
	r.Advance(9 * time.Second)
	diff(t, "requests while waiting longer", 0, len(r.requests.ReadAll()))
	r.Advance(12 * time.Second)
	third := r.requests.Read().Value
	r.answer("a", third.Done(int64(4)))
	diff(t, "results", []int64{4}, r.out.Values())
	diff(t, "dead", 0, len(r.dead.ReadAll()))
}

func TestGivenUp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		o        task.Options
		do       func(r *rig, q task.Request[string])
		reason   task.Reason
		err      string
		attempts int
		died     int64
	}{
		{
			name: "every attempt failed", o: task.Options{Attempts: 2, Backoff: time.Second},
			do: func(r *rig, q task.Request[string]) {
				r.answer("a", q.Failed[int64](errBusy))
				r.Advance(2 * time.Second)
				r.answer("a", r.requests.Read().Value.Failed[int64](errors.New("and again")))
			},
			reason: task.ReasonAttempts, err: "and again", attempts: 2, died: epoch + 2000,
		}, {
			name: "there is one attempt", o: task.Options{Attempts: 1},
			do:     func(r *rig, q task.Request[string]) { r.answer("a", q.Failed[int64](errBusy)) },
			reason: task.ReasonAttempts, err: errBusy.Error(), attempts: 1, died: epoch,
		}, {
			name:   "a worker says that nothing helps",
			do:     func(r *rig, q task.Request[string]) { r.answer("a", q.Failed[int64](task.Permanent(errBusy))) },
			reason: task.ReasonPermanent, err: errBusy.Error(), attempts: 1, died: epoch,
		}, {
			name: "an earlier attempt says that nothing helps", o: task.Options{StartToClose: time.Minute},
			do: func(r *rig, q task.Request[string]) {
				r.answer("a", q.Started[int64]())
				r.Advance(2 * time.Minute)
				r.Advance(time.Minute)
				diff(r.t, "attempt", 2, r.requests.Read().Value.Attempt)
				r.answer("a", q.Failed[int64](task.Permanent(errBusy)))
			},
			reason: task.ReasonPermanent, err: errBusy.Error(), attempts: 2, died: epoch + 180_000,
		}, {
			name: "the body does not decode",
			do: func(r *rig, q task.Request[string]) {
				res := task.Result[string]{ID: q.ID, Attempt: 1, Time: q.Time, Status: task.StatusOK, Body: "no number"}
				r.Input(task.Define[string, string]("length").Results[string]()).Pipe("a", res, 0)
			},
			reason: task.ReasonPermanent, attempts: 1, died: epoch,
		}, {
			name: "no worker took it in time", o: task.Options{Attempts: 1, ScheduleToStart: 5 * time.Second},
			do:     func(r *rig, _ task.Request[string]) { r.Advance(5 * time.Second) },
			reason: task.ReasonAttempts, err: "no worker began attempt 1 within 5s", attempts: 1, died: epoch + 5000,
		}, {
			name: "a worker began and fell silent", o: task.Options{Attempts: 1, StartToClose: 5 * time.Second, ScheduleToStart: time.Second},
			do: func(r *rig, q task.Request[string]) {
				r.Advance(900 * time.Millisecond)
				r.answer("a", q.Started[int64]())
				r.Advance(4900 * time.Millisecond)
				diff(r.t, "dead too early", 0, len(r.dead.ReadAll()))
				r.Advance(200 * time.Millisecond)
			},
			reason: task.ReasonAttempts, err: "no result of attempt 1 came within 5s of its start", attempts: 1, died: epoch + 6000,
		}, {
			name: "the whole took too long", o: task.Options{ScheduleToClose: 30 * time.Second, Backoff: time.Hour},
			do: func(r *rig, q task.Request[string]) {
				diff(r.t, "deadline", int64(epoch+30_000), q.Deadline)
				r.answer("a", q.Failed[int64](errBusy))
				r.Advance(29 * time.Second)
				diff(r.t, "dead too early", 0, len(r.dead.ReadAll()))
				r.Advance(time.Second)
			},
			reason: task.ReasonDeadline, err: errBusy.Error(), attempts: 1, died: epoch + 30_000,
		}, {
			name: "nothing was heard until the whole took too long", o: task.Options{ScheduleToClose: 30 * time.Second},
			do:     func(r *rig, _ task.Request[string]) { r.Advance(time.Minute) },
			reason: task.ReasonDeadline, err: "there was no result within 30s", attempts: 1, died: epoch + 60_000,
		}, {
			name: "it takes its workers down", o: task.Options{Attempts: 1},
			do: func(r *rig, q task.Request[string]) {
				for range 11 {
					diff(r.t, "dead too early", 0, len(r.dead.ReadAll()))
					r.answer("a", q.Started[int64]())
				}
			},
			reason: task.ReasonAttempts, attempts: 1, died: epoch,
			err: "the attempt was begun 10 times and nobody came to its end: the request may take its workers down",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, tt.o)
			r.in.Pipe("a", "four", 42)
			q := r.requests.Read().Value
			tt.do(r, q)
			rec := r.dead.Read()
			want := task.Dead[string]{
				ID: q.ID, Task: "length", Reason: tt.reason, Error: tt.err, Attempts: tt.attempts, Created: epoch, Died: tt.died, Time: 42, Body: "four",
			}
			if tt.err == "" { // the serde's to say
				want.Error = rec.Value.Error
			}
			diff(t, "dead letter", want, rec.Value)
			diff(t, "its key", "a", rec.Key)
			diff(t, "its time", int64(42), rec.Timestamp)
			diff(t, "rows", 0, len(r.Rows[[]byte, []byte]("length")))
			dropped := r.Dropped()
			r.answer("a", q.Done(int64(4)))
			diff(t, "results of what was given up", 0, len(r.out.ReadAll()))
			diff(t, "dropped", dropped+1, r.Dropped())
		})
	}
}

// TestLateResult has the first attempt succeed after its time was over and the second was sent.
func TestLateResult(t *testing.T) {
	t.Parallel()
	r := newRig(t, task.Options{StartToClose: 5 * time.Second})
	r.in.Pipe("a", "four", 42)
	first := r.requests.Read().Value
	r.answer("a", first.Started[int64]())
	r.Advance(6 * time.Second)
	r.Advance(6 * time.Second)
	second := r.requests.Read().Value
	r.answer("a", second.Started[int64]())
	r.answer("a", first.Started[int64]()) // does not move the second one's time-out
	r.answer("a", first.Done(int64(4)))
	r.answer("a", second.Done(int64(5)))
	diff(t, "results", []int64{4}, r.out.Values())
	r.Advance(time.Hour)
	diff(t, "requests", 0, len(r.requests.ReadAll()))
	diff(t, "dead", 0, len(r.dead.ReadAll()))
}

// TestStartedAgain has a worker die and another begin the same attempt: the time-out counts from that.
func TestStartedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, task.Options{StartToClose: 10 * time.Second})
	r.in.Pipe("a", "four", 42)
	q := r.requests.Read().Value
	r.answer("a", q.Started[int64]())
	r.Advance(9 * time.Second)
	r.answer("a", q.Started[int64]())
	r.Advance(9 * time.Second)
	r.Advance(time.Second / 2)
	r.answer("a", q.Done(int64(4)))
	diff(t, "results", []int64{4}, r.out.Values())
	diff(t, "requests", 0, len(r.requests.ReadAll()))
}

// TestFlood has more time-outs at once than one look handles.
func TestFlood(t *testing.T) {
	t.Parallel()
	const n = 2500
	r := newRig(t, task.Options{Attempts: 1, ScheduleToStart: time.Second}, testkit.CommitEvery(100))
	for range n {
		r.in.Pipe("a", "four", 42)
	}
	r.Commit()
	r.Advance(time.Second)
	diff(t, "after one look", 1000, len(r.dead.ReadAll()))
	r.Advance(100 * time.Millisecond)
	diff(t, "after two", 1000, len(r.dead.ReadAll()))
	r.Advance(100 * time.Millisecond)
	diff(t, "after three", 500, len(r.dead.ReadAll()))
	diff(t, "rows", 0, len(r.Rows[[]byte, []byte]("length")))
}
