package task

import (
	"context"

	"github.com/millrace-go/millrace/internal/transport"
)

// lane is a partition of requests that the worker owns. Requests are done in any order; what can be committed is the
// position below which all are.
type lane struct {
	p     transport.Partition
	stamp uint64 // when the group gave it: see holdings
	// ctx ends when the partition is taken away.
	ctx    context.Context //nolint:containedctx // it is the lifetime of the lane's work, not of a call
	cancel context.CancelFunc

	next      int64 // the offset to read next
	committed int64
	slots     []*slot // of requests from the oldest that is not done, in offset order
}

// slot is the place of a request.
type slot struct {
	offset int64
	done   bool // its result is acknowledged, or it needs none
}

func newLane(ctx context.Context, at transport.Position, stamp uint64) *lane {
	l := &lane{p: at.Partition, stamp: stamp, next: at.Offset, committed: at.Offset}
	l.ctx, l.cancel = context.WithCancel(ctx)
	return l
}

// add takes a request in; false: it was read before.
func (l *lane) add(offset int64) (*slot, bool) {
	if offset < l.next {
		return nil, false
	}
	s := &slot{offset: offset}
	l.slots = append(l.slots, s)
	l.next = offset + 1
	return s, true
}

// low is the position to commit: all before it is done.
func (l *lane) low() int64 {
	n := 0
	for n < len(l.slots) && l.slots[n].done {
		l.slots[n] = nil
		n++
	}
	l.slots = l.slots[n:]
	if len(l.slots) > 0 {
		return l.slots[0].offset
	}
	return l.next
}
