package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-go/millrace/internal/db/pebbledb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/members"
	"github.com/millrace-go/millrace/internal/transport"
)

// Runtime runs one instance of an application.
type Runtime struct {
	cfg     Config
	log     *slog.Logger
	state   stateBox
	metrics *metrics
	skips   *skips

	restores restores

	dir      *stateDir
	cache    *pebbledb.Cache
	topics   *topics
	plan     *engine.Plan
	registry *registry
	own      *ownership
	member   transport.Member
	members  *members.Group
	standbys *standbys
	workers  []*worker
	globals  atomic.Pointer[globals] // nil: the topology has none

	mu    sync.Mutex
	seats map[int32]*seat // by the task's slot in the registry
	ids   map[int32]engine.TaskID
	wake  chan struct{} // a seat has changed

	telling  chan struct{} // what this instance says of itself may have changed
	owns     atomic.Bool   // the group has given the tasks topic's partition to this instance
	leads    atomic.Bool   // it leads, or is about to
	election chan struct{} // that has changed
	endTerm  atomic.Pointer[context.CancelFunc]
	leaving  atomic.Bool // it has said its last word

	closing sync.WaitGroup // tasks
}

// seat is a task that is opened here or about to be.
type seat struct {
	id     engine.TaskID
	stamp  uint64
	worker *worker
	task   *task // once a worker has it
	parted bool  // the worker has let go of it
	left   bool  // it is closed
}

// New returns a runtime that has done nothing yet.
func New(cfg Config) (*Runtime, error) {
	r := &Runtime{
		cfg: cfg, log: cfg.Logger.With("app", cfg.App), own: newOwnership(), seats: map[int32]*seat{},
		ids: map[int32]engine.TaskID{}, wake: make(chan struct{}, 1), telling: make(chan struct{}, 1), election: make(chan struct{}, 1),
	}
	r.standbys = newStandbys(r)
	r.state.listen = cfg.OnState
	r.skips = newSkips(r.log)
	r.restores.log, r.restores.listen = r.log, cfg.OnRestore
	r.topics = newTopics(cfg.App, cfg.Client)
	var err error
	r.metrics, err = newMetrics(r, cfg.Meter)
	return r, err
}

// State says what the runtime is doing, and why it failed if it did.
func (r *Runtime) State() (State, error) { return r.state.get() }

// Run runs the topology until ctx ends, then commits and closes. An error ended it before that.
func (r *Runtime) Run(ctx context.Context) (err error) {
	r.state.set(Starting, nil)
	defer func() {
		r.metrics.close()
		if err != nil {
			r.state.set(Failed, err)
		} else {
			r.state.set(Stopped, nil)
		}
	}()
	if r.dir, err = openStateDir(AppDir(r.cfg.StateDir, r.cfg.App), r.cfg.Instance); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.dir.close()) }()
	r.cache = pebbledb.NewCache(r.cfg.CacheBytes)
	defer r.cache.Close()
	defer func() { // once no worker reads them any more, and before their cache goes
		if g := r.globals.Load(); g != nil {
			err = errors.Join(err, g.close())
		}
	}()
	if err = r.prepare(ctx); err == nil {
		err = r.loadGlobals(ctx)
	}
	if err == nil {
		err = r.work(ctx)
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil // stopped before it ran
	}
	return err
}

// prepare settles what the application is, with the cluster and with the other instances.
func (r *Runtime) prepare(ctx context.Context) (err error) {
	if r.plan, err = r.topics.plan(ctx, r.cfg.Graph, r.cfg.DeadLetters); err != nil {
		return err
	}
	if err := r.agree(ctx); err != nil {
		return err
	}
	if err := r.topics.prepare(ctx, r.plan, r.cfg.Replicas); err != nil {
		return err
	}
	if r.registry, err = register(ctx, &r.cfg, r.plan, r.topics.ids); err != nil {
		return err
	}
	for _, id := range r.plan.Tasks() {
		r.ids[r.registry.slots[taskName(r.plan, id)]] = id
	}
	return nil
}

// clientID tells the other instances what this one looks like.
func (r *Runtime) clientID() string {
	return r.cfg.App + "/" + r.dir.Instance + "/" + shapeOf(r.plan).fingerprint()
}

func transactionalID(app, instance string, worker int) string {
	return fmt.Sprintf("%s-%s-%d", app, instance, worker)
}

// work runs membership, supervisor and workers until ctx ends or one of them fails.
func (r *Runtime) work(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if r.members, err = r.meet(ctx); err != nil {
		return err
	}
	defer r.members.Close()
	r.hire()
	defer func() { err = errors.Join(err, r.dismiss()) }()
	if err := r.join(); err != nil {
		return err
	}
	// The membership outlives the workers: their last commits need it, and the others what this instance says then.
	memberCtx, leave := context.WithCancel(context.WithoutCancel(ctx))
	membership := &group{cancel: cancel}
	membership.run(func() error { return r.membership(memberCtx) })
	defer func() {
		leave()
		membership.wait()
		err = errors.Join(err, r.member.Close())
	}()
	if err := r.connectPatiently(ctx); err != nil {
		return cause(ctx, err)
	}
	membership.run(func() error { return r.members.Follow(memberCtx) })
	membership.run(func() error { return r.obey(memberCtx) })
	led := make(chan struct{})
	membership.run(func() error { defer close(led); return r.lead(memberCtx) })

	group := &group{cancel: cancel}
	group.run(func() error { return r.announce(ctx) })
	group.run(func() error { return r.standbys.run(ctx) })
	for _, w := range r.workers {
		group.run(func() error { return w.run(ctx) })
	}
	group.run(func() error { return r.purge(ctx) })
	group.run(func() error { return r.topics.watch(ctx) })
	if g := r.globals.Load(); g != nil {
		group.run(func() error { return g.follow(ctx) })
	}
	err = r.supervise(ctx, group)
	if err != nil {
		cancel(err)
	}
	r.state.set(Stopping, nil)
	group.wait()
	r.farewell(memberCtx, led)
	return cause(ctx, err)
}

// hire makes the workers.
func (r *Runtime) hire() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.cfg.Workers {
		r.workers = append(r.workers, r.newWorker(i))
	}
}

// dismiss closes the workers, all at once: librdkafka takes its time for each client.
func (r *Runtime) dismiss() error {
	var wg sync.WaitGroup
	errs := make([]error, len(r.workers))
	for i, w := range r.workers {
		wg.Go(func() { errs[i] = w.close() })
	}
	wg.Wait()
	r.closing.Wait()
	return errors.Join(errs...)
}

// cause is why ctx ended, if a part of the runtime ended it; else err.
func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil && !errors.Is(c, context.Canceled) && !errors.Is(c, context.DeadlineExceeded) {
		return c
	}
	return err
}

// group runs goroutines; the first error ends the others.
type group struct {
	wg     sync.WaitGroup
	cancel context.CancelCauseFunc
}

func (g *group) run(f func() error) {
	g.wg.Go(func() {
		if err := f(); err != nil {
			g.cancel(err)
		}
	})
}

func (g *group) wait() { g.wg.Wait() }

// connect connects all workers. Only then may anything committed be read: until a dead process's transactions are ended,
// its offsets are not settled.
func (r *Runtime) connect(ctx context.Context) error {
	var wg sync.WaitGroup
	errs := make([]error, len(r.workers))
	for i, w := range r.workers {
		wg.Go(func() { errs[i] = w.connect(ctx) })
	}
	var former error
	wg.Go(func() { former = r.endFormer(ctx) })
	wg.Wait()
	return errors.Join(errors.Join(errs...), former)
}

// connectPatiently is connect with a limit: the others wait for an instance that is in the group.
func (r *Runtime) connectPatiently(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, stallLimit)
	defer cancel()
	err := r.connect(limited)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return fmt.Errorf("runtime: the workers' producers are not ready after %v: %w", stallLimit, err)
	}
	return err
}

// endFormer ends the transactions of workers that this instance had before and has no more.
func (r *Runtime) endFormer(ctx context.Context) error {
	if r.cfg.ExactlyOnce {
		for i := len(r.workers); i < r.dir.Workers; i++ {
			if err := r.endTransaction(ctx, transactionalID(r.cfg.App, r.dir.Instance, i)); err != nil {
				return err
			}
		}
	}
	r.dir.Workers = len(r.workers)
	return r.dir.save()
}

// Stalled says which worker hangs, if one does.
func (r *Runtime) Stalled() error {
	r.mu.Lock()
	workers := r.workers
	r.mu.Unlock()
	for _, w := range workers {
		at := time.UnixMilli(w.alive.Load())
		if idle := time.Since(at); at.UnixMilli() > 0 && idle > stallLimit {
			return fmt.Errorf("runtime: worker %d has made no progress for %v: a callback hangs, or the broker does not answer", w.index, idle.Round(time.Second))
		}
	}
	return nil
}

// AppDir is the directory of an application under the state directory of all.
func AppDir(dir, app string) string {
	return filepath.Join(dir, strings.ReplaceAll(app, string(filepath.Separator), "_"))
}
