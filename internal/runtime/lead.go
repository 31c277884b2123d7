package runtime

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/millrace-go/millrace/internal/assign"
	"github.com/millrace-go/millrace/internal/members"
	"github.com/millrace-go/millrace/internal/transport"
)

// sizesAge is how old the changelogs' sizes may be by which the leader decides.
const sizesAge = 5 * time.Second

// tasksForLeader lists all tasks for the leader's decision. Their changelogs are measured only where there is a choice.
type tasksForLeader struct {
	rt       *Runtime
	tasks    []assign.Task
	measured time.Time
	known    map[transport.Partition]int64
}

func (l *tasksForLeader) list(ctx context.Context) ([]assign.Task, error) {
	r := l.rt
	v, _ := r.members.View()
	if l.tasks != nil && (len(v.Members) < 2 || time.Since(l.measured) < sizesAge) {
		return l.tasks, nil
	}
	var logs []transport.Partition
	of := map[transport.Partition]int{}
	var tasks []assign.Task
	for slot, id := range r.ids {
		t := assign.Task{Slot: slot, Sub: id.Sub}
		for _, s := range r.plan.Subs[id.Sub].Stores {
			if !s.NoLog && s.Changelog != nil {
				t.Stateful = true
				p := transport.Partition{Topic: s.Changelog.FullName(r.cfg.App), Index: id.Partition}
				logs = append(logs, p)
				of[p] = len(tasks)
			}
		}
		tasks = append(tasks, t)
	}
	if len(v.Members) > 1 && len(logs) > 0 {
		l.measured = time.Now()
		sizes, err := l.sizes(ctx, logs)
		if err != nil { // where a partition has no leader the other tasks need decisions all the same
			r.log.Warn("runtime: the changelogs' sizes cannot be asked for: those known before count, and one that is not known counts as large: " + err.Error())
			sizes = l.known
		}
		l.known = sizes
		for p, i := range of {
			n, known := sizes[p]
			if !known {
				n = math.MaxInt32
			}
			tasks[i].Size += n
		}
	}
	slices.SortFunc(tasks, func(a, b assign.Task) int { return int(a.Slot - b.Slot) })
	l.tasks = tasks
	return tasks, nil
}

func (l *tasksForLeader) sizes(ctx context.Context, logs []transport.Partition) (map[transport.Partition]int64, error) {
	starts, err := l.rt.cfg.Client.Starts(ctx, logs)
	if err != nil {
		return nil, err
	}
	ends, err := l.rt.cfg.Client.Ends(ctx, logs)
	if err != nil {
		return nil, err
	}
	for p := range ends {
		ends[p] = max(0, ends[p]-starts[p])
	}
	return ends, nil
}

// endInstance ends the transactions of an instance that was expelled.
func (r *Runtime) endInstance(ctx context.Context, m members.Record) {
	var wg sync.WaitGroup
	for i := range m.Workers {
		wg.Go(func() {
			if err := r.endTransaction(ctx, transactionalID(r.cfg.App, m.Instance, i)); err != nil && ctx.Err() == nil {
				r.log.Warn("runtime: the transaction of an instance that is gone is left to its time-out: "+err.Error(), "instance", m.Instance)
			}
		})
	}
	wg.Wait()
}

// endTransaction fences who uses the id, and ends what they have begun.
func (r *Runtime) endTransaction(ctx context.Context, id string) error {
	p, err := r.cfg.Client.NewProducer(transport.ProducerConfig{ID: id, Timeout: r.cfg.Transaction})
	if err != nil {
		return err
	}
	defer p.Close()
	return p.Init(ctx)
}
