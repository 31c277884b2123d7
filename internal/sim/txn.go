package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/millrace-go/millrace/internal/transport"
)

// coordinated is what the transaction coordinator knows of a transactional id.
type coordinated struct {
	c       *cluster
	id      string
	epoch   int
	timeout time.Duration
	tx      *transaction // nil: none is open
	ending  bool         // its end is decided and being written
}

// transaction is one that was begun.
type transaction struct {
	of    *coordinated
	parts []transport.Partition
	group *group // whose offsets it carries; nil: none
}

var errFenced = fmt.Errorf("sim: a producer with the same transactional id has taken over: %w", transport.ErrProducer)

// errConcurrent says that the end of the former transaction is still being written: the client asks again.
var errConcurrent = errors.New("sim: the former transaction is still being ended")

func (c *cluster) coordinator(id string) *coordinated {
	x := c.coords[id]
	if x == nil {
		x = &coordinated{c: c, id: id}
		c.coords[id] = x
	}
	return x
}

// fence ends what a predecessor left open. The new producer's epoch is given out once that is written.
func (x *coordinated) fence() {
	if x.tx != nil && !x.ending {
		x.epoch++
		x.end(false)
	}
}

func (x *coordinated) idle() bool { return x.tx == nil }

// current returns the open transaction of a producer, and opens one if there is none.
func (x *coordinated) current(epoch int) (*transaction, error) {
	switch {
	case epoch != x.epoch:
		return nil, errFenced
	case x.ending:
		return nil, errConcurrent
	case x.tx == nil:
		tx := &transaction{of: x}
		x.tx = tx
		s := x.c.w.sched
		s.after(x.timeout+time.Duration(s.rnd.Int64N(int64(x.timeout))), "time out "+x.id, nil, func() {
			if x.tx == tx && !x.ending {
				x.epoch++
				x.end(false)
			}
		})
	}
	return x.tx, nil
}

// touch adds a partition to a transaction.
func (t *transaction) touch(p transport.Partition) {
	if !slices.Contains(t.parts, p) {
		t.parts = append(t.parts, p)
	}
}

// end decides the end of the open transaction. Each partition hears of it in its own time, the group's offsets, too; until
// all have, the id can do nothing else.
func (x *coordinated) end(commit bool) {
	tx, s := x.tx, x.c.w.sched
	x.ending = true
	left := len(tx.parts)
	written := func() {
		if left--; left <= 0 {
			x.tx, x.ending = nil, false
		}
	}
	word := map[bool]string{true: "committed", false: "aborted"}[commit]
	for _, p := range tx.parts {
		s.after(s.climate.latency(s.rnd), fmt.Sprintf("%s/%d: %s %s", p.Topic, p.Index, x.id, word), nil, func() {
			x.c.partition(p).mark(tx, commit)
			written()
		})
	}
	if g := tx.group; g != nil {
		left++
		s.after(s.climate.latency(s.rnd), "offsets: "+x.id+" "+word, nil, func() {
			g.settle(tx, commit)
			written()
		})
	}
	if left == 0 {
		written()
	}
}
