package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/transport"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// cluster is a client whose partitions have as many records as end says, which never come.
type cluster struct {
	transport.Client
	end    int64
	polled func() // called by each Poll
	away   int    // how many more times no broker answers an Assign
	asked  int    // how often Assign was called
}

func (c *cluster) Starts(context.Context, []transport.Partition) (map[transport.Partition]int64, error) {
	return map[transport.Partition]int64{}, nil
}

func (c *cluster) Ends(_ context.Context, ps []transport.Partition) (map[transport.Partition]int64, error) {
	ends := map[transport.Partition]int64{}
	for _, p := range ps {
		ends[p] = c.end
	}
	return ends, nil
}

func (c *cluster) NewFetcher(transport.FetcherConfig) (transport.Fetcher, error) {
	return reader{c: c}, nil
}

type reader struct {
	transport.Fetcher
	c *cluster
}

func (f reader) Assign([]transport.Position) error {
	f.c.asked++
	if f.c.away > 0 {
		f.c.away--
		return fmt.Errorf("assign: %w", transport.ErrUnreachable)
	}
	return nil
}

func (f reader) Poll(time.Duration) ([]transport.Batch, error) {
	f.c.polled()
	return nil, nil
}

func (f reader) Close() error { return nil }

// fresh is a member of a group that has committed nothing.
type fresh struct{ transport.Member }

func (fresh) Committed(context.Context, []transport.Partition) ([]transport.Position, error) {
	return nil, nil
}

// counting is a runtime of an application with one task, which it owns.
func counting(t *testing.T, c *cluster) (r *Runtime, w *worker) {
	t.Helper()
	b := topology.New("app")
	counts := stream.From(b, topology.NewTopic[string, string]("in")).GroupByKey().Count(topology.As("counts"), topology.InMemory())
	stream.Changes(counts).To(topology.NewTopic[string, int64]("out"))
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	r, err = New(Config{
		App: "app", Graph: topo.Graph(), Client: c, Workers: 1, ExactlyOnce: true,
		Logger: slog.New(slog.DiscardHandler), Meter: noop.Meter{},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.plan, err = engine.NewPlan(topo.Graph(), func(string) (int32, error) { return 1, nil }); err != nil {
		t.Fatal(err)
	}
	if r.dir, err = openStateDir(t.TempDir(), "i"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.dir.close() })
	r.member, r.ids[0] = fresh{}, r.plan.Tasks()[0]
	r.hire()
	r.own.grant("m", 0)
	close(r.standbys.ended)
	w = r.workers[0]
	w.fetcher = reader{c: c}
	return r, w
}

// TestMovedWhileRestored: a task that went elsewhere is not restored to the end of its changelog.
func TestMovedWhileRestored(t *testing.T) {
	t.Parallel()
	c := &cluster{end: 1000}
	r, w := counting(t, c)
	c.polled = func() { r.own.grant("m") }
	held, _ := r.own.snapshot()
	if diff := cmp.Diff([]int32{0}, r.reconcile(held)); diff != "" {
		t.Fatalf("to open (-want +got):\n%s", diff)
	}
	if err := r.seat(t.Context(), 0); err != nil {
		t.Error(err)
	}
	if !r.seats[0].left || len(w.inbox) > 0 {
		t.Errorf("left %v, handed over %d", r.seats[0].left, len(w.inbox))
	}
}

// TestMovedBeforeAdopted: a worker does not begin to work on a task that went elsewhere before it got it, even if it has
// heard of that change already.
func TestMovedBeforeAdopted(t *testing.T) {
	t.Parallel()
	for _, idle := range []bool{true, false} {
		c := &cluster{}
		r, w := counting(t, c)
		held, _ := r.own.snapshot()
		r.reconcile(held)
		if err := r.seat(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		r.own.grant("m")
		w.version = r.own.current()
		take := w.changes
		if idle {
			take = func(ctx context.Context, _ ...*task) error { return w.idle(ctx) }
		}
		if err := take(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.closing.Wait()
		if len(w.tasks) > 0 || !r.seats[0].left {
			t.Errorf("idle %v: the worker has %d tasks; left %v", idle, len(w.tasks), r.seats[0].left)
		}
	}
}

// TestBrokerAwayAfterAbort: what is taken back is read again as soon as a broker answers, not only if one does at once.
func TestBrokerAwayAfterAbort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{away: 5}
		_, w := counting(t, c)
		refused := fmt.Errorf("commit: %w", transport.ErrAbort)
		if err := w.recover(t.Context(), refused); err != nil || c.asked != 6 {
			t.Errorf("after %d attempts: %v", c.asked, err)
		}
		c.away, c.asked = 1000, 0
		if err := w.recover(t.Context(), refused); !errors.Is(err, transport.ErrUnreachable) || c.asked > maxAborts {
			t.Errorf("no broker for ever, after %d attempts: %v", c.asked, err)
		}
	})
}
