package runtime

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/transport"
)

// TestProgress: the estimate counts offsets, which compaction leaves gaps in, and the rate counts records.
func TestProgress(t *testing.T) {
	t.Parallel()
	start := time.Unix(1000, 0)
	a, b := &restoring{log: &changelog{next: 100}, end: 1100}, &restoring{log: &changelog{next: 0}, end: 3000}
	todo := map[transport.Partition]*restoring{{Topic: "a"}: a, {Topic: "b"}: b}
	p := newProgress(start, todo)
	if p.due(start.Add(progressInterval - 1)) {
		t.Error("due before its time")
	}
	now := start.Add(progressInterval)
	if !p.due(now) {
		t.Fatal("not due")
	}
	want := []any{"records", int64(0), "recordsPerSecond", int64(0), "offsetsLeft", int64(4000), "eta", "unknown"}
	if diff := cmp.Diff(want, p.report(now, todo)); diff != "" {
		t.Errorf("before the first record (-want +got):\n%s", diff)
	}
	if p.due(now.Add(time.Second)) {
		t.Error("due again at once")
	}
	a.log.next, b.log.next, p.count = 1200, 0, 500 // past the end: control records
	want = []any{"records", int64(500), "recordsPerSecond", int64(50), "offsetsLeft", int64(3000), "eta", "30s"}
	if diff := cmp.Diff(want, p.report(start.Add(10*time.Second), todo)); diff != "" {
		t.Errorf("a quarter done (-want +got):\n%s", diff)
	}
}
