package runtime

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-go/millrace/internal/transport"
)

// How often a restore tells the listener, and the log, how far it is.
const (
	tellInterval     = time.Second
	progressInterval = 5 * time.Second
)

// restores are those that go on at the moment. Tasks are restored side by side; the listener is told by one at a time.
type restores struct {
	log     *slog.Logger
	listen  func(RestoreProgress) // nil: nobody
	telling sync.Mutex            // held while the listener is told

	records atomic.Int64 // read since the application started

	mu      sync.Mutex
	running map[*progress]struct{}
}

// progress is one of them.
type progress struct {
	of           *restores
	task         string
	stores       []string
	start        time.Time
	told, logged time.Time
	count        int64 // records read
	offsets      int64 // from where it began to where it ends, over all changelogs
	left         atomic.Int64
}

// begin notes a restore that has so many offsets before it.
func (r *restores) begin(now time.Time, task string, stores []string, offsets int64) *progress {
	slices.Sort(stores)
	p := &progress{of: r, task: task, stores: stores, start: now, told: now, logged: now, offsets: offsets}
	p.left.Store(offsets)
	r.mu.Lock()
	if r.running == nil {
		r.running = map[*progress]struct{}{}
	}
	r.running[p] = struct{}{}
	r.mu.Unlock()
	p.tell(RestoreStarted, now)
	return p
}

// read counts records.
func (p *progress) read(n int) {
	p.count += int64(n)
	p.of.records.Add(int64(n))
}

// reached notes what is left now, and says so every now and then.
func (p *progress) reached(now time.Time, left int64) {
	p.left.Store(left)
	if now.Sub(p.told) >= tellInterval {
		p.told = now
		p.tell(RestoreRunning, now)
	}
	if now.Sub(p.logged) >= progressInterval {
		p.logged = now
		x := p.report(RestoreRunning, now)
		eta := "unknown"
		if x.ETA > 0 {
			eta = x.ETA.Round(time.Second).String()
		}
		p.of.log.Info("runtime: restoring", "task", p.task, "records", x.Records, "recordsPerSecond", int64(x.RecordsPerSecond),
			"offsetsLeft", x.OffsetsLeft, "eta", eta)
	}
}

// end is the end, before which the restore came to its own unless err says otherwise.
func (p *progress) end(now time.Time, err error) {
	p.of.mu.Lock()
	delete(p.of.running, p)
	p.of.mu.Unlock()
	if err != nil {
		p.tell(RestoreSuspended, now)
		return
	}
	p.left.Store(0)
	p.of.log.Info("runtime: restored", "task", p.task, "records", p.count, "seconds", now.Sub(p.start).Seconds())
	p.tell(RestoreDone, now)
}

func (p *progress) tell(phase RestorePhase, now time.Time) {
	if p.of.listen == nil {
		return
	}
	p.of.telling.Lock()
	defer p.of.telling.Unlock()
	p.of.listen(p.report(phase, now))
}

func (p *progress) report(phase RestorePhase, now time.Time) RestoreProgress {
	x := RestoreProgress{
		Task: p.task, Stores: slices.Clone(p.stores), Phase: phase, Records: p.count, OffsetsLeft: p.left.Load(), Took: now.Sub(p.start),
	}
	if x.Took > 0 {
		x.RecordsPerSecond = float64(x.Records) / x.Took.Seconds()
	}
	if behind := p.offsets - x.OffsetsLeft; behind > 0 {
		x.ETA = time.Duration(float64(x.Took) / float64(behind) * float64(x.OffsetsLeft))
	}
	return x
}

// each calls f with what every restore has left, in no order.
func (r *restores) each(f func(task string, left int64)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p := range r.running {
		f(p.task, p.left.Load())
	}
}

// remaining is how many offsets are still to be passed.
func remaining(todo map[transport.Partition]*restoring) int64 {
	var n int64
	for _, x := range todo {
		n += max(0, x.end-x.log.next)
	}
	return n
}
