package runtime

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/transport"
)

// TestRewindBehindControlRecords: what was committed behind the last record is where a task goes on after a rewind, and what
// it commits next. The records before it may have been purged, and a fetcher that asks for them ends the application.
func TestRewindBehindControlRecords(t *testing.T) {
	t.Parallel()
	r, w := counting(t, &cluster{})
	held, _ := r.own.snapshot()
	r.reconcile(held)
	if err := r.seat(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	task := <-w.inbox
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
