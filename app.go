package millrace

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/millrace-go/millrace/internal/embedded"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/kafka"
	"github.com/millrace-go/millrace/internal/runtime"
	"github.com/millrace-go/millrace/topology"
)

// App is one instance of an application.
type App struct {
	t       *topology.Topology
	cfg     Config
	started atomic.Bool
	rt      atomic.Pointer[runtime.Runtime]
	early   atomic.Pointer[Health] // before there is a runtime, or instead of one
}

// New checks the configuration. Nothing is connected or written before [App.Run].
func New(t *topology.Topology, cfg Config) (*App, error) {
	if t == nil {
		return nil, errors.New("millrace: the topology is nil: Build it, and check its error")
	}
	cfg, err := cfg.complete(t.Name())
	if err != nil {
		return nil, err
	}
	a := &App{t: t, cfg: cfg}
	a.early.Store(&Health{Live: true, State: StateCreated})
	return a, nil
}

// Run runs the topology until ctx ends, then commits a last time and returns nil. It returns an error if it cannot start
// or cannot go on.
func Run(ctx context.Context, t *topology.Topology, cfg Config) error {
	a, err := New(t, cfg)
	if err != nil {
		return err
	}
	return a.Run(ctx)
}

// Run is [Run] of a checked App, once.
func (a *App) Run(ctx context.Context) (err error) {
	if a.started.Swap(true) {
		return errors.New("millrace: App.Run was called before: make another App with New")
	}
	bootstrap := a.cfg.Bootstrap
	if bootstrap == "" {
		broker, err := embedded.Start(embedded.Options{Logger: a.cfg.Logger, Topics: a.userTopics()})
		if err != nil {
			return a.fail(fmt.Errorf("millrace: %w", err))
		}
		defer func() { err = errors.Join(err, broker.Close()) }()
		bootstrap = broker.Bootstrap()
		a.cfg.Logger.Info("millrace: a broker runs in the process", "bootstrap", bootstrap)
	}
	client, err := kafka.Open(ctx, kafka.Config{Bootstrap: bootstrap, Properties: a.cfg.Properties, Logger: a.cfg.Logger})
	if err != nil {
		if ctx.Err() != nil {
			a.end(&Health{Live: true, State: StateStopped})
			return nil
		}
		return a.fail(fmt.Errorf("millrace: %w", err))
	}
	defer client.Close()
	rt, err := runtime.New(runtime.Config{
		App: a.cfg.ApplicationID, Instance: a.cfg.InstanceID, Graph: a.t.Graph(), Client: client,
		ExactlyOnce: a.cfg.Guarantee == ExactlyOnce, StateDir: a.cfg.StateDir, Workers: a.cfg.Workers,
		CommitInterval: a.cfg.CommitInterval, Transaction: a.cfg.TransactionTimeout, Session: a.cfg.SessionTimeout, Replicas: a.cfg.ReplicationFactor,
		Standbys: a.cfg.Standbys, Address: a.cfg.AdvertisedAddress,
		CacheBytes: a.cfg.CacheBytes, DirtyBytes: a.cfg.DirtyBytes,
		OnDecode: a.cfg.OnDecodeError.verdict(), OnProcess: a.cfg.OnProcessError.verdict(),
		OnProduce: a.cfg.OnProduceError.verdict(), DeadLetters: a.cfg.DeadLetterTopic, OnState: a.cfg.OnState,
		OnRestore: a.cfg.OnRestore, Logger: a.cfg.Logger,
		Meter: a.cfg.MeterProvider.Meter("github.com/millrace-go/millrace"),
	})
	if err != nil {
		return a.fail(fmt.Errorf("millrace: %w", err))
	}
	a.rt.Store(rt)
	if err := rt.Run(ctx); err != nil {
		return fmt.Errorf("millrace: %w", err)
	}
	return nil
}

// embeddedPartitions is how many each topic gets on the App's own broker.
const embeddedPartitions = 4

// userTopics are those that the topology reads and writes and does not make itself: nobody could make them on a broker
// that begins empty with the App.
func (a *App) userTopics() map[string]int32 {
	topics := map[string]int32{}
	if a.cfg.DeadLetterTopic != "" {
		topics[a.cfg.DeadLetterTopic] = embeddedPartitions
	}
	for _, t := range a.t.Graph().Topics {
		if t.Role == graph.UserTopic && !t.Dynamic {
			topics[t.Name] = embeddedPartitions
		}
	}
	return topics
}

// fail is the failure of an App that never had a runtime.
func (a *App) fail(err error) error {
	a.end(&Health{State: StateFailed, Err: err})
	return err
}

// end is the end of an App that never had a runtime.
func (a *App) end(h *Health) {
	a.early.Store(h)
	if a.cfg.OnState != nil {
		a.cfg.OnState(h.State)
	}
}

// State is what the App is doing. It may be asked from anywhere, at any time.
func (a *App) State() State { return a.Health().State }

// Health answers a probe. It may be asked from anywhere, at any time.
func (a *App) Health() Health {
	rt := a.rt.Load()
	if rt == nil {
		return *a.early.Load()
	}
	state, err := rt.State()
	if err == nil {
		err = rt.Stalled()
	}
	return Health{Live: err == nil, Ready: state == StateRunning, State: state, Err: err, Tasks: rt.Tasks(), Standbys: rt.Standbys()}
}
