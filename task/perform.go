package task

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/millrace-go/millrace/stream"
)

// Attempt is what a worker's function may want to know besides its input.
type Attempt struct {
	// ID is the request's, the same in all attempts: a key under which work outside can be made to count once.
	ID string
	// Number counts the attempts from 1; there will be Of at most.
	Number, Of int
	// Key is the entity's, as the stream's serde wrote it; nil: there is none.
	Key     []byte
	Headers []stream.Header
	// Time is the event time of the record that asked, milliseconds since the epoch.
	Time int64
}

type attemptKey struct{}

// AttemptOf tells a worker's function about its request; ok is false if ctx is not one that a worker made.
func AttemptOf(ctx context.Context) (a Attempt, ok bool) {
	a, ok = ctx.Value(attemptKey{}).(Attempt)
	return a, ok
}

// perform answers a request. Its ctx has no time-out yet.
func (w *Worker[In, Out]) perform(ctx context.Context, r *Request[[]byte]) Result[[]byte] {
	in, err := decodeBody("request", r.ID, w.request, r.Body)
	if err != nil { // it will not decode the next time
		return r.Failed[[]byte](Permanent(err))
	}
	if r.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, r.Timeout, fmt.Errorf("the attempt took longer than %v", r.Timeout))
		defer cancel()
	}
	if r.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, time.UnixMilli(r.Deadline), errors.New("the time for all attempts together is over"))
		defer cancel()
	}
	out, err := w.call(ctx, in)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && errors.Is(err, ctx.Err()) && !errors.Is(err, cause) {
			err = fmt.Errorf("%w (%w)", cause, err)
		}
		return r.Failed[[]byte](err)
	}
	if isNil(&out) {
		return r.Done[[]byte](nil)
	}
	body, err := w.result.Append([]byte{}, out)
	if err != nil {
		return r.Failed[[]byte](Permanent(fmt.Errorf("the result does not encode: %w", err)))
	}
	return r.Done(body)
}

// call turns a panic into an error: one request must not take the others down.
func (w *Worker[In, Out]) call(ctx context.Context, in In) (out Out, err error) {
	defer func() {
		if p := recover(); p != nil {
			w.cfg.Logger.Error("task: a worker's function panicked", "task", w.t.Name, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return w.do(ctx, in)
}
