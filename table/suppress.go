package table

import (
	"time"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// SuppressUntilWindowCloses holds the changes of a windowed table back until their windows close, and then forwards the
// last of each window: one result for a window instead of one for each of its updates. It works for time windows, sliding
// ones and sessions, and is a function because a method cannot ask for windowed keys.
//
// A window closes when the latest timestamp that this operator has seen is not before its end plus the grace of the
// windows (for sessions, plus gap and grace). Only a change of t tells of time: while none comes, nothing closes, unless
// topology.CloseWhenIdle says so. Results come in the order of the windows' ends, then of the keys' bytes, and keep
// timestamp and headers of their last update. A window that is deleted when it closes gives no result; a table that is
// looked up (a join) shows no window that is open.
//
// Cost: a buffer with a changelog, named by topology.As, of a row for each open window, on disk as other stores. It can
// be bounded (topology.BufferRecords, topology.BufferBytes): as a result must not come early, the task stops when the
// buffer is full. Kafka Streams: KTable.suppress(untilWindowCloses) (KIP-328).
func SuppressUntilWindowCloses[K, V any](t *Table[window.Key[K], V], opts ...topology.Option) *Table[window.Key[K], V] {
	c := operator.NewCall(t.t.G, "suppress-until-window-closes", opts)
	grace, ok := graph.WindowGrace(t.t.Node)
	if !ok {
		c.Errorf("nobody knows when the windows of this table close, since not all of its rows come from a windowed aggregation: put it after one, or give " +
			"Table.SuppressUntilTimeLimit a time")
	}
	s := operator.NewSuppression(c, grace, true)
	if s.Bounded() { // the size counts old values
		t.t.Node.RequireOld()
	}
	return suppressed(t.t, c, s, func(ch *graph.Change[window.Key[K], V]) int64 { return ch.Key.End })
}

// SuppressUntilTimeLimit holds the changes of each key back until limit has passed since the first of them, and then
// forwards the last: fewer updates, each at most limit of stream time behind. A later update does not prolong the wait. With
// a limit of 0 nothing is held.
//
// Time is the latest timestamp that this operator has seen, so only a change of t makes it move, unless
// topology.CloseWhenIdle lets the wall clock. Changes that are let go together come in the order of the timestamps of what
// was held first of each, then of the keys' bytes, with timestamp and headers of the last update. Deletes are forwarded as
// other changes are. The old value of a change is what was forwarded before it (Kafka Streams: what its last update
// replaced, so that a sum downstream takes away what was never added to it), and a table that is looked up (a join) shows
// that until the change is let go.
//
// Cost: a buffer with a changelog, named by topology.As, of a row for each key that waits, on disk as other stores; t is
// kept in a store. The buffer can be bounded (topology.BufferRecords, topology.BufferBytes): if it is full, changes are
// let go early, the first ones first, or the task stops (topology.FailWhenFull). Kafka Streams:
// KTable.suppress(untilTimeLimit) (KIP-328).
func (t *Table[K, V]) SuppressUntilTimeLimit[O topology.Opt](limit time.Duration, opts ...O) *Table[K, V] {
	c := operator.NewCall(t.t.G, "suppress-until-time-limit", topology.Options(opts))
	if limit < 0 || limit%time.Millisecond != 0 {
		c.Errorf("a limit of %v: give whole milliseconds that are not negative, since event time has no finer ones", limit)
	}
	t.t.Node.RequireOld()
	return suppressed(t.t, c, operator.NewSuppression(c, limit.Milliseconds(), false), func(ch *graph.Change[K, V]) int64 { return ch.Timestamp })
}

// suppressed adds the node that holds a table's changes back; timeOf is a change's place in time.
func suppressed[K, V any](t graph.Table[K, V], c *operator.Call, s *operator.Suppression, timeOf func(*graph.Change[K, V]) int64) *Table[K, V] {
	if t.History != nil { // as in Kafka Streams: what is held back is the latest value, and versions come late
		c.Errorf("the table is versioned, and updates of the past cannot be held back: suppress a table that is made of it")
	}
	ks, vs := operator.Key(c, t.Key), operator.Value(c, t.Value)
	st := s.Store()
	spec := graph.Spec{
		Op: c.Op, Name: c.Name, At: c.At, Kind: graph.ProcessorNode,
		Parents: []*graph.Node{t.Node}, Stores: []*graph.Store{st}, OldFrom: []*graph.Node{t.Node},
	}
	d := graph.Table[K, V]{G: c.G, Key: ks, Value: vs}
	d.Node = graph.Add(c.G, spec, func(ctx *graph.Context, n *graph.Node, next func(*graph.Change[K, V]) error) (func(*graph.Change[K, V]) error, error) {
		out := release[K, V]{ks: ks, vs: vs, old: n.SendsOld(), next: next}
		p, err := s.Open(ctx, n, out.forward)
		if err != nil {
			return nil, err
		}
		out.buf = p.Buffer
		old := n.SendsOld() || s.Bounded()
		now, before := make([]byte, 0, 64), make([]byte, 0, 64) // an empty value is not a null one
		return func(ch *graph.Change[K, V]) error {
			e, err := store.HeldEntry(p.Buffer, ks, ch.Key)
			if err != nil {
				return err
			}
			h := p.Held(timeOf(ch), ch.Headers)
			if ch.HasNew {
				if now, err = vs.Append(now[:0], ch.New); err != nil {
					return &graph.UserError{Node: n, Err: err}
				}
				h.New = now
			}
			if ch.HasOld && old {
				if before, err = vs.Append(before[:0], ch.Old); err != nil {
					return &graph.UserError{Node: n, Err: err}
				}
				h.Prior = before
			}
			return p.Put(e, h, ch.Timestamp)
		}, nil
	})
	d.View = func() graph.View[K, V] {
		d.Node.RequireOld()
		return suppressedView(st, ks, vs, t.View())
	}
	return &Table[K, V]{d}
}
