package testkit

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/graph"
)

// Interruption is a way in which a task's uncommitted work is taken back. The work is done again, so that it must never show
// in what comes out.
type Interruption uint8

// The interruptions.
const (
	// Abort takes stores, timers and positions back to the last commit, as a rebalance or a refused transaction does.
	Abort Interruption = iota + 1
	// Crash makes the task anew on its disk; stores in memory are restored from their changelogs.
	Crash
	// Loss is a Crash that loses the disk, too: all stores are restored from their changelogs.
	Loss
)

func (i Interruption) String() string {
	return [...]string{"none", "abort", "crash", "loss"}[min(i, Loss)]
}

// Interrupt interrupts a task right before the commit that is after commits from now: with 0, before the next. A record's commits
// are its own and those of the records that it leads to in internal topics; Advance has one for each task. It needs a commit after each
// record (CommitEvery). Callbacks see records again that were taken back.
func (d *Driver) Interrupt(how Interruption, after int) {
	d.t.Helper()
	d.do(step{interrupt: how, after: after})
}

// Restart interrupts all tasks now, between two commits.
func (d *Driver) Restart(how Interruption) {
	d.t.Helper()
	d.do(step{interrupt: how, after: now})
}

// now as the number of commits to let pass.
const now = -1

// arm notes an interruption that is to come, or makes it now.
func (c *cluster) arm(s step) error {
	switch {
	case s.interrupt < Abort || s.interrupt > Loss:
		return fmt.Errorf("there is no interruption %d: use Abort, Crash or Loss", s.interrupt)
	case c.opts.commitEvery > 1:
		return errors.New("an interruption takes back one record: leave testkit.CommitEvery out")
	case s.after == now:
		for _, m := range c.tasks {
			if err := c.undo(m, s.interrupt); err != nil {
				return err
			}
		}
	case s.after < now:
		return fmt.Errorf("interrupt after %d commits: 0 is before the next one", s.after)
	default:
		if c.armed == nil {
			c.armed = map[int]Interruption{}
		}
		c.armed[c.commits+s.after] = s.interrupt
	}
	return nil
}

// interrupted takes a task's work back if that is due at this commit. skips is how many records had been dropped before it.
func (c *cluster) interrupted(m *member, skips int) (bool, error) {
	at := c.commits
	c.commits++
	how := c.armed[at]
	if how == 0 {
		return false, nil
	}
	delete(c.armed, at)
	c.skips = c.skips[:skips]
	return true, c.undo(m, how)
}

// undo takes a task back to its last commit, and gives it again what it was given since.
func (c *cluster) undo(m *member, how Interruption) error {
	c.pending = c.pending[:0]
	for topic, log := range m.logs {
		log.cut(int(m.committed(topic)))
	}
	old := m.task
	old.Abort()
	if how == Abort {
		m.earlier = m.dropped - old.Counters().Dropped
	} else {
		m.earlier = m.dropped
		if err := c.reopen(m, how); err != nil {
			return err
		}
	}
	for topic := range m.fed {
		m.fed[topic] = m.uncommitted(topic)
		m.task.Add(topic, m.fed[topic]...)
	}
	return nil
}

// reopen makes a task anew from what stands: its disk, its changelogs, its positions and its checkpoint.
func (c *cluster) reopen(m *member, how Interruption) error {
	positions, checkpoint := m.task.Positions(), m.task.Checkpoint()
	m.cfg.Memory, m.cfg.Wall = memdb.New(), m.wall
	if how == Loss {
		var err error
		if m.cfg.Disk, err = c.newDisk(); err != nil {
			return err
		}
	}
	if err := c.open(m); err != nil {
		return err
	}
	for _, s := range m.task.Stores() {
		log := m.logs[s.Store.Changelog]
		if log == nil {
			continue
		}
		if err := m.task.Restore(s.Store, log.from(max(0, s.Offset)), int64(len(log.marks))); err != nil {
			return err
		}
	}
	if err := m.task.LoadCheckpoint(checkpoint); err != nil {
		return err
	}
	for _, p := range positions {
		m.task.SetPosition(p.Topic.FullName(""), p.Next)
	}
	return nil
}

// stand notes what a task's commit made stand.
func (c *cluster) stand(m *member) {
	m.wall = c.wall
	m.dropped = m.earlier + m.task.Counters().Dropped
	for topic, recs := range m.fed {
		if len(recs) > keep { // most are committed
			m.fed[topic] = m.uncommitted(topic)
		}
	}
}

// keep is how many records a task's topic may have before those that are committed are forgotten.
const keep = 1000

// uncommitted are the records of a topic that the task was given and has not committed, once it is at its last commit.
func (m *member) uncommitted(topic string) []graph.Raw {
	recs := m.fed[topic]
	for _, p := range m.task.Positions() {
		if p.Topic.FullName("") == topic {
			n, _ := slices.BinarySearchFunc(recs, p.Next, func(r graph.Raw, next int64) int { return cmp.Compare(r.Offset, next) })
			return slices.Clone(recs[n:])
		}
	}
	return recs
}

// committed is how many records of a changelog stand.
func (m *member) committed(changelog *graph.Topic) int64 {
	for store, n := range m.offsets {
		if store.Changelog == changelog {
			return n
		}
	}
	return 0
}
