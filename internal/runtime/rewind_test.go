package runtime

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/transport"
)

// seated is the task that the runtime owns, opened.
func seated(t *testing.T, r *Runtime, w *worker) *task {
	t.Helper()
	held, _ := r.own.snapshot()
	r.reconcile(held)
	if err := r.seat(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	return <-w.inbox
}

// TestRewindBehindControlRecords: what was committed behind the last record is where a task goes on after a rewind, and what
// it commits next. The records before it may have been purged, and a fetcher that asks for them ends the application.
func TestRewindBehindControlRecords(t *testing.T) {
	t.Parallel()
	r, w := counting(t, &cluster{})
	task := seated(t, r, w)
	s := task.sources[0]
	s.fetched, s.ended = 7, true // the end, behind control records
	for range 2 {
		got, err := task.positions(nil)
		if err != nil {
			t.Fatal(err)
		}
		got[0].Metadata = ""
		if diff := cmp.Diff([]transport.Position{{Partition: s.p, Offset: 7}}, got); diff != "" {
			t.Fatalf("positions (-want +got):\n%s", diff)
		}
		s.committed.Store(got[0].Offset)
		task.engine.Abort()
		task.rewind()
		if s.fetched != 7 {
			t.Fatalf("after a rewind it reads from %d, want 7", s.fetched)
		}
	}
}

// obliging is a producer to which nothing happens.
type obliging struct{ transport.Producer }

func (obliging) Begin() error                { return nil }
func (obliging) Abort(context.Context) error { return nil }

// TestPurgedElsewhere: an instance that was away for long reads on from records that the new owner of its task has processed
// and purged. That the task is not its own any more is what counts.
func TestPurgedElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, w := counting(t, &cluster{})
		w.add(t.Context(), seated(t, r, w))
		r.member, w.producer = anyMember{id: "m"}, obliging{}
		r.own.grant("m")
		if err := w.recover(t.Context(), fmt.Errorf("poll: %w", transport.ErrPosition)); err != nil || len(w.tasks) > 0 {
			t.Errorf("it has %d tasks: %v", len(w.tasks), err)
		}
	})
}
