package runtime

import (
	"maps"
	"sync/atomic"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
)

// tally is what an engine's task has counted. The engine counts work that is then taken back as well; the runtime
// leaves that out.
type tally struct {
	processed, dropped int64
	by                 map[*graph.Node]int64
}

func tallyOf(t *engine.Task) tally {
	c := t.Counters()
	return tally{c.Processed, c.Dropped, maps.Clone(c.DroppedBy)}
}

// plus adds n times o.
func (t tally) plus(o tally, n int64) tally {
	sum := tally{t.processed + n*o.processed, t.dropped + n*o.dropped, map[*graph.Node]int64{}}
	maps.Copy(sum.by, t.by)
	for k, v := range o.by {
		sum.by[k] += n * v
	}
	return sum
}

// counts are a task's, as they are published: at each commit, to be read by anyone.
type counts struct {
	processed, produced atomic.Int64
	dropped             atomic.Pointer[map[*graph.Node]int64]
}

// settle publishes the counts after a commit.
func (t *task) settle() {
	c := t.engine.Counters()
	t.counts.processed.Store(c.Processed - t.void.processed)
	t.counts.produced.Add(t.produced)
	t.produced = 0
	if c.Dropped != t.settled.dropped {
		by := tallyOf(t.engine).plus(t.void, -1).by
		t.counts.dropped.Store(&by)
		t.settled.by = maps.Clone(c.DroppedBy)
	}
	t.settled.processed, t.settled.dropped = c.Processed, c.Dropped
}

// discard takes back what was counted since the last commit.
func (t *task) discard() {
	now := tallyOf(t.engine)
	t.void = t.void.plus(now, 1).plus(t.settled, -1)
	t.settled = now
	t.produced = 0
}
