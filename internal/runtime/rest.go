package runtime

import "time"

// A task whose record is to be tried again rests before that: nothing of it is read or processed, and the other tasks of the
// worker go on and commit.

// backoff is how long to wait before a record is tried again: 100 ms at first, then twice as long each time, to 10 s.
func backoff(retries int) time.Duration {
	return min(10*time.Second, 100*time.Millisecond<<min(retries, 10))
}

// lieDown begins a rest, a longer one each time until the task has committed something. What it has done since the last commit
// must have been taken back, and assign has to follow.
func (t *task) lieDown() {
	t.rest = time.Now().Add(backoff(t.retries))
	t.retries++
}

func (t *task) rests() bool { return !t.rest.IsZero() }

// wakeUp ends the rests that are over, and says whether there were any: then assign has to follow.
func (w *worker) wakeUp(now time.Time) (some bool) {
	for _, t := range w.tasks {
		if t.rests() && !now.Before(t.rest) {
			t.rest, some = time.Time{}, true
		}
	}
	return some
}
