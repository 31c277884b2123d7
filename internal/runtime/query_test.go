package runtime

import (
	"errors"
	"testing"
	"testing/synctest"
)

// TestQueryOfAnApplicationThatDoesNotStart: who asks while an application starts is not left waiting when it fails to.
func TestQueryOfAnApplicationThatDoesNotStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _ := counting(t, &cluster{})
		answer := make(chan error, 1)
		go func() {
			_, _, err := r.Query(t.Context(), nil, nil)
			answer <- err
		}()
		synctest.Wait()
		if len(answer) > 0 {
			t.Fatalf("the question was answered before a worker ran: %v", <-answer)
		}
		if err := r.dismiss(); err != nil {
			t.Fatal(err)
		}
		if err := <-answer; !errors.Is(err, ErrNotRunning) {
			t.Errorf("answer %v, want %v", err, ErrNotRunning)
		}
	})
}
