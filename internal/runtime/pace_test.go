package runtime

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestPace: chunks grow while records are fast, and shrink to what fits into chunkTime when they are slow.
func TestPace(t *testing.T) {
	t.Parallel()
	w := &worker{chunk: 1}
	feed := func(each time.Duration) {
		for range 20 {
			n := w.chunk
			w.pace(n, time.Duration(n)*each)
		}
	}
	for _, c := range []struct {
		each     time.Duration
		min, max int
	}{{time.Microsecond, maxChunk, maxChunk}, {time.Second, 1, 1}, {time.Millisecond, 3, 10}, {time.Microsecond, maxChunk, maxChunk}} {
		if feed(c.each); w.chunk < c.min || w.chunk > c.max {
			t.Errorf("at %v a record the chunk is %d, want %d to %d", c.each, w.chunk, c.min, c.max)
		}
	}
}

// TestLinger: work may go on for a while after the stop, and no longer.
func TestLinger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		work, end := linger(ctx, time.Minute)
		defer end()
		time.Sleep(time.Hour)
		stop()
		time.Sleep(59 * time.Second)
		if work.Err() != nil {
			t.Error("it ended too soon")
		}
		time.Sleep(2 * time.Second)
		if !errors.Is(work.Err(), context.Canceled) {
			t.Error("it has not ended")
		}
	})
}

// TestStates: the listener hears each change once, in order; nothing follows the end.
func TestStates(t *testing.T) {
	t.Parallel()
	var b stateBox
	var heard []State
	b.listen = func(s State) {
		if got, _ := b.get(); got != s {
			t.Errorf("told of %v, it is %v", s, got)
		}
		heard = append(heard, s)
	}
	failure := errors.New("broken")
	for _, s := range []State{Starting, Starting, Running, Restoring, Running, Failed, Stopping, Stopped} {
		var err error
		if s == Failed {
			err = failure
		}
		b.set(s, err)
	}
	want := []State{Starting, Running, Restoring, Running, Failed}
	if len(heard) != len(want) {
		t.Fatalf("heard %v, want %v", heard, want)
	}
	for i, s := range want {
		if heard[i] != s {
			t.Fatalf("heard %v, want %v", heard, want)
		}
	}
	if s, err := b.get(); s != Failed || !errors.Is(err, failure) {
		t.Errorf("in the end it is %v: %v", s, err)
	}
}
