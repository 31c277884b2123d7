package runtime

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/millrace-go/millrace/internal/graph"
)

// metrics publishes the counts of the tasks. Workers count for themselves, and what they have counted is read when
// somebody collects.
type metrics struct {
	rt       *Runtime
	app      metric.MeasurementOption
	copied   atomic.Int64 // records, by standbys
	commits  atomic.Int64
	aborted  atomic.Int64
	duration metric.Float64Histogram
	stop     metric.Registration

	mu   sync.Mutex
	past map[string]*pastCounts // of tasks that are closed, by name
}

type pastCounts struct {
	processed, produced int64
	dropped             map[*graph.Node]int64
}

func newMetrics(r *Runtime, m metric.Meter) (*metrics, error) {
	x := &metrics{rt: r, app: metric.WithAttributes(attribute.String("app", r.cfg.App)), past: map[string]*pastCounts{}}
	var errs []error
	counter := func(name, what, unit string) metric.Int64ObservableCounter {
		c, err := m.Int64ObservableCounter(name, metric.WithDescription(what), metric.WithUnit(unit))
		errs = append(errs, err)
		return c
	}
	processed := counter("millrace.records.processed", "Records that tasks have processed and committed.", "{record}")
	produced := counter("millrace.records.produced", "Records that tasks have produced and committed, changelogs included.", "{record}")
	dropped := counter("millrace.records.dropped", "Records that an operator or an error policy has dropped.", "{record}")
	restored := counter("millrace.records.restored", "Changelog records read to restore stores.", "{record}")
	left, err := m.Int64ObservableGauge("millrace.restore.remaining", metric.WithDescription("Changelog offsets that a task has yet to pass before it runs."), metric.WithUnit("{offset}"))
	errs = append(errs, err)
	copied := counter("millrace.records.copied", "Changelog records that standbys have taken in.", "{record}")
	global := counter("millrace.records.global", "Records of global tables' topics that were taken in.", "{record}")
	commits := counter("millrace.commits", "Commits of workers.", "{commit}")
	aborts := counter("millrace.aborts", "Transactions that were taken back.", "{transaction}")
	tasks, err := m.Int64ObservableGauge("millrace.tasks", metric.WithDescription("Tasks that run here."), metric.WithUnit("{task}"))
	errs = append(errs, err)
	x.duration, err = m.Float64Histogram("millrace.commit.duration", metric.WithDescription("How long a commit keeps its worker."), metric.WithUnit("s"),
		metric.WithExplicitBucketBoundaries(.005, .01, .02, .05, .1, .2, .5, 1, 2, 5))
	errs = append(errs, err)
	x.stop, err = m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(restored, r.restores.records.Load(), x.app)
		r.restores.each(func(task string, n int64) {
			o.ObserveInt64(left, n, x.app, metric.WithAttributes(attribute.String("task", task)))
		})
		o.ObserveInt64(copied, x.copied.Load(), x.app)
		if g := r.globals.Load(); g != nil {
			o.ObserveInt64(global, g.applied.Load(), x.app)
			o.ObserveInt64(dropped, g.dropped.Load(), x.app, metric.WithAttributes(attribute.String("task", "global tables")))
		}
		o.ObserveInt64(commits, x.commits.Load(), x.app)
		o.ObserveInt64(aborts, x.aborted.Load(), x.app)
		sums, running := x.totals()
		o.ObserveInt64(tasks, int64(running), x.app)
		for name, c := range sums {
			at := metric.WithAttributes(attribute.String("app", r.cfg.App), attribute.String("task", name))
			o.ObserveInt64(processed, c.processed, at)
			o.ObserveInt64(produced, c.produced, at)
			for n, v := range c.dropped {
				o.ObserveInt64(dropped, v, at, metric.WithAttributes(attribute.String("operator", operatorName(n))))
			}
		}
		return nil
	}, processed, produced, dropped, restored, left, copied, global, commits, aborts, tasks)
	return x, errors.Join(append(errs, err)...)
}

// operatorName names who dropped a record; nil is the source, before any operator.
func operatorName(n *graph.Node) string {
	if n == nil {
		return "source"
	}
	return n.Name
}

// committed notes a commit.
func (x *metrics) committed(d time.Duration) {
	x.commits.Add(1)
	x.duration.Record(context.Background(), d.Seconds(), x.app)
}

// totals adds up the running tasks and what they counted before they were last closed.
func (x *metrics) totals() (sum map[string]*pastCounts, running int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	tasks := x.rt.running()
	sum = map[string]*pastCounts{}
	for name, p := range x.past {
		c := &pastCounts{}
		c.add(p.processed, p.produced, p.dropped)
		sum[name] = c
	}
	for _, t := range tasks {
		if sum[t.name] == nil {
			sum[t.name] = &pastCounts{}
		}
		sum[t.name].addTask(t)
	}
	return sum, len(tasks)
}

// retire keeps the counts of a task that is closed; leave takes it off the running ones, so that it counts once.
func (x *metrics) retire(t *task, leave func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	defer leave()
	if x.past[t.name] == nil {
		x.past[t.name] = &pastCounts{}
	}
	x.past[t.name].addTask(t)
}

func (p *pastCounts) addTask(t *task) {
	var by map[*graph.Node]int64
	if d := t.counts.dropped.Load(); d != nil {
		by = *d
	}
	p.add(t.counts.processed.Load(), t.counts.produced.Load(), by)
}

func (p *pastCounts) add(processed, produced int64, dropped map[*graph.Node]int64) {
	p.processed += processed
	p.produced += produced
	for n, v := range dropped {
		if p.dropped == nil {
			p.dropped = map[*graph.Node]int64{}
		}
		p.dropped[n] += v
	}
}

func (x *metrics) close() {
	if x.stop != nil {
		_ = x.stop.Unregister() // it cannot fail for a registration of ours
	}
}
