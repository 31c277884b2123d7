package members

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/millrace-go/millrace/internal/assign"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
)

// cluster is a client with one topic, of one partition, and a group's coordinator.
type cluster struct {
	transport.Client
	mu      sync.Mutex
	log     []graph.Raw
	present []transport.MemberInfo
	asked   int // how often the coordinator was
}

func (c *cluster) append(key string, value []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, graph.Raw{Key: []byte(key), Value: value, Offset: int64(len(c.log))})
}

// join makes a member known to the coordinator, and leave forgets it.
func (c *cluster) join(id, instance string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.present = append(c.present, transport.MemberInfo{ID: id, Instance: instance})
}

func (c *cluster) leave(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.present = slices.DeleteFunc(c.present, func(m transport.MemberInfo) bool { return m.ID == id })
}

func (c *cluster) Members(context.Context, string) ([]transport.MemberInfo, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	return slices.Clone(c.present), nil
}

func (c *cluster) Ends(_ context.Context, ps []transport.Partition) (map[transport.Partition]int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return map[transport.Partition]int64{ps[0]: int64(len(c.log))}, nil
}

func (c *cluster) NewProducer(transport.ProducerConfig) (transport.Producer, error) {
	return producer{c: c}, nil
}

func (c *cluster) NewFetcher(transport.FetcherConfig) (transport.Fetcher, error) {
	return &fetcher{c: c}, nil
}

type producer struct {
	transport.Producer
	c *cluster
}

func (p producer) Produce(_ context.Context, _ string, e *graph.Effect) error {
	p.c.append(string(e.Key), slices.Clone(e.Value))
	return nil
}

func (producer) Flush(context.Context) error { return nil }
func (producer) Close()                      {}

type fetcher struct {
	transport.Fetcher
	c    *cluster
	next int
}

func (*fetcher) Assign([]transport.Position) error { return nil }
func (*fetcher) Close() error                      { return nil }

func (f *fetcher) Poll(wait time.Duration) ([]transport.Batch, error) {
	f.c.mu.Lock()
	records := slices.Clone(f.c.log[f.next:])
	f.c.mu.Unlock()
	if len(records) == 0 {
		time.Sleep(wait)
		return nil, nil
	}
	f.next += len(records)
	return []transport.Batch{{Records: records, End: true, Next: int64(f.next)}}, nil
}

// instance is one that reads the topic, until the test ends.
type instance struct {
	*Group
	ended chan Record // of which the transactions were to be ended
}

func newInstance(t *testing.T, c *cluster, tasks ...assign.Task) *instance {
	t.Helper()
	i := &instance{ended: make(chan Record, 10)}
	g, err := New(Config{
		App: "app", Client: c, Logger: slog.New(slog.DiscardHandler),
		Tasks: func(context.Context) ([]assign.Task, error) { return tasks, nil },
		End:   func(_ context.Context, r Record) { i.ended <- r },
	})
	if err != nil {
		t.Fatal(err)
	}
	i.Group = g
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- g.Follow(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("follow: %v", err)
		}
	})
	return i
}

// lead lets the instance lead until the test ends; what Lead returned is in the channel.
func (i *instance) lead(t *testing.T, member string) (done chan error) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	done = make(chan error, 1)
	go func() { done <- i.Lead(ctx, member) }()
	return done
}

// announce says that a member obeys what its instance has read, and has what is granted to it then.
func (i *instance) announce(t *testing.T, member, name string) {
	t.Helper()
	v, _ := i.View()
	r := Record{ID: member, Instance: name, Workers: 2, Acked: v.Assignment.Version}
	for slot, g := range v.Assignment.Grants {
		if g.Member == member {
			r.Held = append(r.Held, slot)
		}
	}
	slices.Sort(r.Held)
	if err := i.Announce(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

// granted lists who has each task.
func (i *instance) granted() map[int32]string {
	v, _ := i.View()
	m := map[int32]string{}
	for slot, g := range v.Assignment.Grants {
		m[slot] = g.Member
	}
	return m
}
