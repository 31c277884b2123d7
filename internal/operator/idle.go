package operator

import (
	"time"

	"github.com/millrace-go/millrace/internal/graph"
)

// Idle moves an operator's stream time on with the wall clock while no record reaches the operator.
//
// Its times are part of the checkpoint, as stream time is, so that an abort takes all of them back to one moment. A new
// task does not go by them: it begins to wait at its first tick or record, since nobody can have seen a record while it was
// down.
type Idle struct {
	ctx     *graph.Context
	after   int64
	arrived int64 // when the last record came, by the wall clock
	moved   int64 // until when stream time has moved with it
	awake   bool  // this task has looked at the clock
	stream  *int64
	onMove  func() error
}

// WatchIdle calls moved with the operator's stream time moved, from when no record has come for after. An after of 0 is never,
// and a nil Idle.
func WatchIdle(ctx *graph.Context, n *graph.Node, after time.Duration, streamTime *int64, moved func() error) *Idle {
	if after <= 0 {
		return nil
	}
	i := &Idle{ctx: ctx, after: after.Milliseconds(), stream: streamTime, onMove: moved}
	ctx.Var("idle/"+n.Name, &i.arrived)
	ctx.Var("idle-moved/"+n.Name, &i.moved)
	ctx.Schedule(n, &graph.Punctuation{Clock: graph.WallClock, Interval: max(1, i.after/4), Call: i.tick})
	return i
}

// Seen is told of each record.
func (i *Idle) Seen() {
	if i != nil {
		i.arrived, i.moved, i.awake = i.ctx.WallTime, i.ctx.WallTime, true
	}
}

func (i *Idle) tick(now int64) error {
	if !i.awake {
		i.Seen()
	}
	if *i.stream < 0 || now-i.arrived < i.after {
		return nil
	}
	*i.stream += now - i.moved
	i.moved = now
	return i.onMove()
}
