package sim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/metric/noop"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/runtime"
	"github.com/millrace-go/millrace/internal/transport"
)

// instance is one of the application, with its disk; it may live several lives.
type instance struct {
	w       *World
	id      string
	name    string // differs from that of another with its id
	life    int
	process *process // nil: it is down
	cancel  context.CancelFunc
	disk    *disk
	dir     string // its state directory
	retired bool   // it does not come back
}

func (w *World) newInstance(id string) *instance {
	i := &instance{w: w, id: id, name: fmt.Sprintf("%s/%d", id, len(w.instances)), disk: &disk{images: map[string]*image{}}}
	w.instances = append(w.instances, i)
	i.move()
	return i
}

// move gives the state directory another name, so that what a dead process still writes is lost.
func (i *instance) move() {
	i.life++
	dir := filepath.Join(i.w.root, fmt.Sprintf("%s.%d", strings.ReplaceAll(i.name, "/", "-"), i.life))
	if i.dir != "" {
		if err := os.Rename(i.dir, dir); err != nil {
			i.w.sched.fail(err)
		}
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		i.w.sched.fail(err)
	}
	i.dir = dir
}

// start starts the instance, unless it runs.
func (i *instance) start() {
	if i.process != nil || i.retired {
		return
	}
	w := i.w
	topo, err := w.job.Build(app)
	if err != nil {
		w.sched.fail(err)
		return
	}
	p, root := newProcess(w, fmt.Sprintf("%s.%d", i.name, i.life)), i.dir
	var ctx context.Context
	ctx, i.cancel = context.WithCancel(context.Background())
	rt, err := runtime.New(runtime.Config{
		App: app, Instance: i.id, Graph: topo.Graph(), Client: p, ExactlyOnce: w.exactlyOnce, StateDir: i.dir,
		OpenDB:  func(path string) (db.DB, error) { return i.disk.open(p, root, w.climate.kept, path) },
		Workers: w.climate.workers, CommitInterval: w.climate.commit, Transaction: w.climate.transaction, Session: w.climate.session, Standbys: w.climate.standbys,
		Replicas: 1, CacheBytes: 1 << 10, DirtyBytes: 1 << 20,
		OnState: func(s runtime.State) {
			if s == runtime.Running {
				p.ready.Store(true)
			}
		},
		Logger: w.log.With("process", p.name), Meter: noop.Meter{},
	})
	if err != nil {
		w.sched.fail(err)
		return
	}
	i.process = p
	w.processes.Go(func() {
		err := rt.Run(ctx)
		w.sched.ask(p.name+" ended", func() { i.ended(p, err) })
	})
}

// ended is the end of a process, by itself.
func (i *instance) ended(p *process, err error) {
	if p.dead.Load() {
		return
	}
	i.w.sched.trace.add(fmt.Sprintf("%s ended: %v", p.name, err))
	p.kill()
	i.process = nil
	i.move()
	if err != nil && !i.excused(p, err) {
		i.w.sched.fail(fmt.Errorf("%s failed: %w", p.name, err))
	}
	i.restartSoon()
}

// excused says that an application may fail so, where it is started again: it was not ready yet when no broker answered, or
// another process has its id.
func (i *instance) excused(p *process, err error) bool {
	if errors.Is(err, transport.ErrInstance) {
		return slices.ContainsFunc(i.w.instances, func(o *instance) bool { return o != i && o.id == i.id })
	}
	return errors.Is(err, transport.ErrUnreachable) && !p.ready.Load()
}

// restartSoon lets the instance come back after a while.
func (i *instance) restartSoon() {
	s := i.w.sched
	s.after(time.Duration(s.rnd.Int64N(int64(2*i.w.climate.session))), "start "+i.name, nil, i.start)
}

// crash ends the process at once.
func (i *instance) crash() {
	if i.process == nil {
		return
	}
	i.process.inFlight = i.w.sched.rnd.IntN(2) == 0 && time.Now().After(i.process.paused)
	i.process.kill()
	i.cancel()
	i.process = nil
	i.move()
}

// pause holds the process for a while of about d.
func (i *instance) pause(d time.Duration) {
	if i.process != nil {
		i.process.paused = time.Now().Add(i.w.sched.some(d))
	}
}

// hang pauses the process: for less than its session, or more.
func (i *instance) hang() {
	session := i.w.climate.session
	i.pause([]time.Duration{session / 4, session, 3 * session}[i.w.sched.rnd.IntN(3)])
}

// stop asks the process to end.
func (i *instance) stop() {
	if i.process != nil {
		i.cancel()
	}
}

// retire stops the instance for good.
func (i *instance) retire() {
	i.retired = true
	i.stop()
}
