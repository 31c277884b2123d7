package runtime

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/transport"
)

// TestProgress: the estimate counts offsets, which compaction leaves gaps in, and the rate counts records; the listener is
// told of the start, of the end, and once a second in between.
func TestProgress(t *testing.T) {
	t.Parallel()
	var told []RestoreProgress
	r := &restores{log: slog.New(slog.DiscardHandler), listen: func(p RestoreProgress) { told = append(told, p) }}
	a, b := &restoring{log: &changelog{next: 100}, end: 1100}, &restoring{log: &changelog{next: 0}, end: 3000}
	todo := map[transport.Partition]*restoring{{Topic: "a"}: a, {Topic: "b"}: b}
	start := time.Unix(1000, 0)
	p := r.begin(start, "t/0", []string{"b", "a"}, remaining(todo))
	p.reached(start.Add(tellInterval-1), remaining(todo))
	a.log.next = 1200 // past the end: control records
	p.read(500)
	p.reached(start.Add(10*time.Second), remaining(todo))
	p.reached(start.Add(10*time.Second+tellInterval-1), remaining(todo))
	b.log.next = 3000
	p.read(1500)
	left := map[string]int64{}
	r.each(func(task string, n int64) { left[task] = n })
	if diff := cmp.Diff(map[string]int64{"t/0": 3000}, left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	p.end(start.Add(20*time.Second), nil)
	r.each(func(task string, n int64) { t.Errorf("%s has ended, and %d are left", task, n) })
	stores := []string{"a", "b"}
	if diff := cmp.Diff([]RestoreProgress{
		{Task: "t/0", Stores: stores, Phase: RestoreStarted, OffsetsLeft: 4000},
		{
			Task: "t/0", Stores: stores, Phase: RestoreRunning, Records: 500, RecordsPerSecond: 50, OffsetsLeft: 3000,
			ETA: 30 * time.Second, Took: 10 * time.Second,
		},
		{Task: "t/0", Stores: stores, Phase: RestoreDone, Records: 2000, RecordsPerSecond: 100, Took: 20 * time.Second},
	}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if n := r.records.Load(); n != 2000 {
		t.Errorf("%d records were read in all", n)
	}
}

// TestProgressSuspended: a restore that does not get to its end says so.
func TestProgressSuspended(t *testing.T) {
	t.Parallel()
	var told []RestorePhase
	r := &restores{log: slog.New(slog.DiscardHandler), listen: func(p RestoreProgress) { told = append(told, p.Phase) }}
	r.begin(time.Unix(0, 0), "t/0", nil, 10).end(time.Unix(0, 0), errors.New("broken"))
	if diff := cmp.Diff([]RestorePhase{RestoreStarted, RestoreSuspended}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}
