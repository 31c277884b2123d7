package runtime

import (
	"context"
	"time"
)

// stopping says whether the worker is to end.
func (w *worker) stopping() bool {
	select {
	case <-w.stop:
		return true
	default:
		return false
	}
}

// pause waits, but not for longer than the worker is to run.
func (w *worker) pause(d time.Duration) {
	select {
	case <-w.stop:
	case <-time.After(d):
	}
}

// linger returns a context that ends some time after ctx.
func linger(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(d, cancel) })
	return later, func() { stop(); cancel() }
}
