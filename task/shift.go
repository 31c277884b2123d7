package task

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
	"github.com/millrace-go/millrace/serde"
)

// follow makes the lanes what the group says: the work of partitions that were taken away is cut short, new ones are read
// from what is committed.
func (c *crew) follow(ctx, work context.Context) error {
	held := c.held.now()
	changed := false
	for p, l := range c.lanes {
		if held[p] != l.stamp {
			l.cancel()
			delete(c.lanes, p)
			c.backlog = slices.DeleteFunc(c.backlog, func(j *job) bool { return j.lane == l })
			changed = true
		}
	}
	var ask []transport.Partition
	for _, p := range slices.Sorted(maps.Keys(held)) {
		if c.lanes[p] == nil {
			ask = append(ask, transport.Partition{Topic: c.input, Index: p})
		}
	}
	if len(ask) > 0 {
		at, err := c.member.Committed(ctx, ask)
		if err != nil {
			return err
		}
		for _, pos := range at {
			c.lanes[pos.Index] = newLane(work, pos, held[pos.Index])
		}
		changed = true
	}
	if !changed {
		return nil
	}
	at := make([]transport.Position, 0, len(c.lanes))
	for _, l := range c.lanes {
		at = append(at, transport.Position{Partition: l.p, Offset: l.next})
	}
	c.log.Debug("task: the group gave this worker other partitions", "partitions", slices.Sorted(maps.Keys(c.lanes)))
	return c.fetcher.Assign(at)
}

// read puts requests into the backlog.
func (c *crew) read(batches []transport.Batch) error {
	for i := range batches {
		l := c.lanes[batches[i].Index]
		if l == nil {
			continue
		}
		for k := range batches[i].Records {
			if err := c.readOne(l, &batches[i].Records[k]); err != nil {
				return err
			}
		}
		if batches[i].End {
			l.next = max(l.next, batches[i].Next)
		}
	}
	return nil
}

func (c *crew) readOne(l *lane, r *graph.Raw) error {
	s, fresh := l.add(r.Offset)
	if !fresh {
		return nil
	}
	req, err := requestSerde[[]byte]{serde.Bytes()}.Decode(r.Value)
	switch v := (*versionError)(nil); {
	case errors.As(err, &v): // to pass it over would lose it
		return fmt.Errorf("topic %s, partition %d, offset %d: %w", l.p.Topic, l.p.Index, r.Offset, err)
	case err != nil: // there is nobody to answer
		c.log.Error("task: a record that is no request was passed over: "+err.Error(), "partition", l.p.Index, "offset", r.Offset)
		s.done = true
	case c.recent.has(attemptID{req.ID, req.Attempt}):
		s.done = true
	case req.Deadline > 0 && req.Deadline <= time.Now().UnixMilli(): // the topology has given it up
		s.done = true
	default:
		c.backlog = append(c.backlog, &job{
			lane: l, slot: s, req: req,
			attempt: Attempt{ID: req.ID, Number: req.Attempt, Of: req.Attempts, Key: r.Key, Headers: r.Headers, Time: req.Time},
		})
	}
	return nil
}

// begin starts as many requests as may run at once.
func (c *crew) begin(ctx context.Context) error {
	for len(c.backlog) > 0 && c.running < c.cfg.Concurrency {
		j := c.backlog[0]
		c.backlog[0] = nil
		c.backlog = c.backlog[1:]
		if err := c.out.started(ctx, j); err != nil {
			return err
		}
		c.running++
		go func() {
			j.result = c.perform(context.WithValue(j.lane.ctx, attemptKey{}, j.attempt), &j.req)
			// A failure may come of being cut short; a result is one all the same.
			j.void = j.lane.ctx.Err() != nil && j.result.Status != StatusOK
			c.finished <- j
		}()
	}
	return nil
}

// end sends the result of a request, unless another worker has the request now.
func (c *crew) end(ctx context.Context, j *job) error {
	c.running--
	if j.void || c.lanes[j.lane.p.Index] != j.lane {
		return nil
	}
	if j.result.Status != StatusOK {
		c.log.Warn("task: an attempt failed: "+j.result.Error, "id", j.req.ID, "attempt", j.req.Attempt, "of", j.req.Attempts, "status", string(j.result.Status))
	}
	return c.out.send(ctx, j)
}

// settle has results acknowledged, and commits how far each partition is done.
func (c *crew) settle(ctx context.Context) error {
	c.settled = time.Now()
	acked, err := c.out.flush(ctx)
	if err != nil {
		return err
	}
	for _, j := range acked {
		j.slot.done = true
		c.recent.add(attemptID{j.req.ID, j.req.Attempt})
	}
	held := c.held.now()
	var at []transport.Position
	for p, l := range c.lanes {
		if low := l.low(); low > l.committed && held[p] == l.stamp {
			at = append(at, transport.Position{Partition: l.p, Offset: low})
		}
	}
	if len(at) == 0 {
		return nil
	}
	switch err := c.member.Commit(ctx, at); {
	case err != nil: // a rebalance is under way, or the broker is away: the next time, or another worker does it again
		c.log.Debug("task: positions are not committed yet: " + err.Error())
	default:
		for _, pos := range at {
			c.lanes[pos.Index].committed = pos.Offset
		}
	}
	return nil
}

// finish ends the work: what is under way may go on for a while, then it is cut short.
func (c *crew) finish(work context.Context, cancel context.CancelFunc, patience time.Duration) error {
	c.backlog = nil
	start, on := time.Now(), context.WithoutCancel(work)
	var err error
	for c.running > 0 && err == nil {
		switch gone := time.Since(start); {
		case gone >= patience+deafness:
			err = fmt.Errorf("%d functions go on although their contexts have ended: have them return when ctx.Done() is closed", c.running)
			continue
		case gone >= patience:
			cancel()
		}
		if err = c.await(on, settleEvery); err == nil && time.Since(c.settled) >= settleEvery {
			err = c.settle(on)
		}
	}
	cancel()
	last, done := context.WithTimeout(on, lastWords)
	defer done()
	return errors.Join(err, c.settle(last))
}
