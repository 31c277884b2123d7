package engine_test

import (
	"testing"
	"time"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// A copy of a task, whose stores follow their changelogs, forgets what has passed once it is told how far the task is.
func TestCopyExpires(t *testing.T) {
	t.Parallel()
	draw := func() *topology.Builder {
		b := topology.New("visits")
		byKey := stream.From(b, left).GroupByKey()
		byKey.WindowedBy(window.Tumbling(time.Minute, window.NoGrace)).Count(topology.As("minutes"))
		byKey.WindowedBySession(window.Session(time.Minute, window.NoGrace)).Count(topology.As("sessions"))
		return b
	}
	disk := memdb.New()
	task, replica := newRig(t, draw(), engine.Config{}), newRig(t, draw(), engine.Config{Disk: disk})
	task.hear = func(e *graph.Effect) {
		for _, s := range replica.Stores() {
			if s.Store.Changelog.Name == e.Topic.Name {
				rec := graph.Raw{Key: append([]byte{}, e.Key...), Timestamp: e.Timestamp}
				if e.Value != nil {
					rec.Value = append([]byte{}, e.Value...)
				}
				noError(t, replica.Restore(s.Store, []graph.Raw{rec}, 1))
			}
		}
	}
	for day := range int64(20) {
		task.Add("left", raws(day, int(day)*86_400_000, "v")...)
		task.process()
		task.commit()
	}
	before := size(t, disk)
	noError(t, replica.LoadCheckpoint(task.Checkpoint()))
	noError(t, replica.Commit(nil))
	if after := size(t, disk); before < 40 || after > 12 {
		t.Errorf("the copy had %d rows, and has %d after the task's 20 days", before, after)
	}
	if len(replica.got) > 0 {
		t.Errorf("a copy emits %v", replica.got)
	}
}

func size(t *testing.T, d db.DB) (n int) {
	t.Helper()
	it, err := d.Iter(nil, []byte{255, 255, 255, 255})
	noError(t, err)
	for it.Next() {
		n++
	}
	noError(t, it.Close())
	return n
}
