package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// What the wall clock has closed and a commit has made stand stays closed; what an abort or a crash takes back takes the moved
// stream time with it, so that the records that are read again are not late; and a task that was down has not been idle.
func TestIdleClosingIsCommittedWhole(t *testing.T) {
	t.Parallel()
	in, out := topology.NewTopic[string, string]("in"), topology.NewTopic[window.Key[string], int64]("out")
	b := topology.New("idle")
	counts := stream.From(b, in).GroupByKey().WindowedBy(window.Tumbling(10*time.Millisecond, window.NoGrace)).
		Count(topology.As("counts"), topology.EmitOnWindowClose(), topology.CloseWhenIdle(100*time.Millisecond))
	stream.Changes(counts).To(out)
	topo, err := b.Build()
	noError(t, err)
	disk := memdb.New()
	r, err := rigOf(t, topo, engine.Config{Disk: disk})
	noError(t, err)
	results := func(what string, want ...string) {
		t.Helper()
		var got []string
		for _, e := range r.take() {
			if strings.HasPrefix(e, "out[") {
				got = append(got, e[strings.LastIndex(e, "=")+1:])
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	const one, two = "0000000000000001", "0000000000000002"
	r.tick(1000)
	r.Add("in", raws(0, 1, "a")...)
	r.process()
	r.commit()
	results("committed, and open")

	r.tick(1100)
	closedAt1 := r.take()
	r.Abort() // the commit did not stand
	r.Add("in", raws(1, 2, "b")...)
	r.process()
	results("a record of the window that an abort has opened again")
	if len(r.skip) > 0 || len(closedAt1) == 0 {
		t.Fatalf("closed as %q; late: %q", closedAt1, r.skip)
	}
	r.tick(1200)
	r.commit()
	results("closed", two+"@2")

	r.Add("in", raws(2, 3, "c", 500, "d")...)
	r.process()
	r.commit()
	results("a window that was closed, and one that has come")
	if len(r.skip) != 1 || !strings.Contains(r.skip[0], "late") {
		t.Errorf("late: %q", r.skip)
	}

	down, err := rigOf(t, topo, engine.Config{Disk: disk, Wall: 1_000_000})
	noError(t, err)
	noError(t, down.LoadCheckpoint(r.Checkpoint()))
	r = down
	r.tick(1_000_000)
	r.tick(1_000_099)
	results("down for long, idle for 99 ms")
	r.tick(1_000_125) // the next time that it looks
	results("idle for 100 ms", one+"@500")
}
