package members

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/millrace-go/millrace/internal/assign"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
)

// Config is what a Group is told.
type Config struct {
	App    string
	Client transport.Client
	Assign assign.Config
	// Tasks lists the application's tasks, with the sizes of their changelogs.
	Tasks func(ctx context.Context) ([]assign.Task, error)
	// End ends the transactions of an instance that is gone; nil: there are none.
	End    func(ctx context.Context, m Record)
	Logger *slog.Logger
}

// Group is the members topic as one instance sees it.
type Group struct {
	cfg   Config
	topic *graph.Topic

	mu      sync.Mutex
	view    *View         // never changed once it is here
	changed chan struct{} // closed when view is replaced
	ready   chan struct{} // closed once the topic was read to its end
	stood   uint64        // the number of the last term that this instance stood for

	// turn is had by who uses producer. Not a mutex: the wait for a broker is one in which other goroutines can be seen to wait,
	// too (testing/synctest).
	turn     chan struct{}
	producer transport.Producer
}

// New returns a group that has read nothing yet.
func New(cfg Config) (*Group, error) {
	p, err := cfg.Client.NewProducer(transport.ProducerConfig{})
	if err != nil {
		return nil, err
	}
	return &Group{
		cfg: cfg, topic: &graph.Topic{Name: cfg.App + Suffix}, view: newView(), changed: make(chan struct{}), ready: make(chan struct{}), turn: make(chan struct{}, 1), producer: p,
	}, nil
}

// Close ends what New began.
func (g *Group) Close() { g.producer.Close() }

// View returns what was read, and a channel that is closed when there is more.
func (g *Group) View() (*View, <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.view, g.changed
}

// Follow reads the topic until ctx ends. A view is always of the whole topic: in its middle compaction may have left something
// that a leader wrote in vain, and removed what says so.
func (g *Group) Follow(ctx context.Context) error {
	p := transport.Partition{Topic: g.topic.Name}
	f, err := g.cfg.Client.NewFetcher(transport.FetcherConfig{Name: "members", Group: g.cfg.App, Buffer: 1 << 20})
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Assign([]transport.Position{{Partition: p, Offset: transport.None}}); err != nil {
		return err
	}
	v, fresh, first := newView(), false, true
	for ctx.Err() == nil {
		batches, err := f.Poll(100 * time.Millisecond)
		if errors.Is(err, transport.ErrUnreachable) && !errors.Is(err, transport.ErrPosition) {
			g.cfg.Logger.Warn("members: " + err.Error())
			continue
		}
		if err != nil {
			return err
		}
		for _, b := range batches {
			for i := range b.Records {
				if err := v.apply(&b.Records[i]); err != nil {
					return fmt.Errorf("members: topic %s, partition 0, %w", g.topic.Name, err)
				}
				fresh = true
			}
			if b.End && fresh {
				g.publish(v.clone())
				fresh = false
			}
			if b.End && first {
				close(g.ready)
				first = false
			}
		}
	}
	return nil
}

func (g *Group) publish(v *View) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.view = v
	close(g.changed)
	g.changed = make(chan struct{})
}

// Announce writes what a member says of itself, and waits until the broker has it.
func (g *Group) Announce(ctx context.Context, r Record) error {
	return g.write(ctx, memberKey+r.ID, r)
}

func (g *Group) write(ctx context.Context, key string, value any) error {
	e, err := encode(g.topic, key, value, time.Now().UnixMilli())
	if err != nil {
		return err
	}
	select {
	case g.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-g.turn }()
	for again := false; ; again = true {
		err := g.producer.Produce(ctx, g.topic.Name, e)
		if err == nil {
			err = g.producer.Flush(ctx)
		}
		if again || !errors.Is(err, transport.ErrProducer) {
			return err
		}
		fresh, failed := g.cfg.Client.NewProducer(transport.ProducerConfig{})
		if failed != nil {
			return errors.Join(err, failed)
		}
		g.producer.Close()
		g.producer = fresh
	}
}
