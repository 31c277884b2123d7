package runtime

import (
	"fmt"
	"slices"
	"time"
)

// process works on what waits until nothing can be, or a commit is due. more says that something is left.
func (w *worker) process() (more bool, err error) {
	now := time.Now()
	for busy := true; busy; {
		busy = false
		for range w.tasks {
			t := w.tasks[w.turn%len(w.tasks)]
			w.turn++
			if t.rests() {
				continue
			}
			dropped := t.engine.Counters().Dropped
			n, err := t.process(w.chunk)
			if n > 0 || t.engine.Counters().Dropped != dropped {
				t.pending = true
			}
			if err != nil {
				return true, err
			}
			if n > 0 {
				busy = true
				began := now
				now = time.Now()
				w.pace(n, now.Sub(began))
				w.alive.Store(now.UnixMilli())
				w.answer()
				if now.Sub(w.since) >= w.rt.cfg.CommitInterval || w.dirty() > w.rt.cfg.DirtyBytes || w.stopping() {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// pace chooses the next chunk: a look at the clock costs as much as a fast record, and a callback may take a second.
func (w *worker) pace(n int, took time.Duration) {
	switch {
	case took > 2*chunkTime:
		w.chunk = max(1, n/2)
	case n == w.chunk && took < chunkTime:
		w.chunk = min(maxChunk, 2*w.chunk)
	}
}

func (w *worker) pending() bool {
	return slices.ContainsFunc(w.tasks, func(t *task) bool { return t.pending })
}

// tick tells the tasks the time of day.
func (w *worker) tick() error {
	now := time.Now().UnixMilli()
	for _, t := range w.tasks {
		if err := safely(func() error { return t.engine.Tick(now) }); err != nil {
			return fmt.Errorf("runtime: task %s: %w", t.name, err)
		}
		t.pending = t.pending || t.engine.Dirty() > 0
	}
	return nil
}

func (w *worker) dirty() int {
	n := 0
	for _, t := range w.tasks {
		n += t.engine.Dirty()
	}
	return n
}

func (w *worker) due() bool {
	age := time.Since(w.since)
	if age < w.rt.cfg.CommitInterval {
		return w.pending() && w.dirty() > w.rt.cfg.DirtyBytes
	}
	return w.pending() || age > recommitInterval
}

// wait is how long to wait for records: until the next commit at the latest.
func (w *worker) wait() time.Duration {
	if !w.pending() {
		return pollWait
	}
	return min(pollWait, max(time.Millisecond, w.rt.cfg.CommitInterval-time.Since(w.since)))
}
