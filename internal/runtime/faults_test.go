package runtime_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
)

// faults is a client whose parts fail now and then, as a cluster's do.
type faults struct {
	transport.Client
	mu     sync.Mutex
	rnd    *rand.Rand
	counts map[string]int
}

// happens draws whether a fault does, and counts it.
func (f *faults) happens(what string, probability float64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rnd.Float64() >= probability {
		return false
	}
	f.counts[what]++
	return true
}

func (f *faults) NewProducer(cfg transport.ProducerConfig) (transport.Producer, error) {
	p, err := f.Client.NewProducer(cfg)
	if err != nil || strings.HasSuffix(cfg.ID, "-registry") {
		return p, err
	}
	return &faultyProducer{p, f}, nil
}

type faultyProducer struct {
	transport.Producer
	f *faults
}

func (p *faultyProducer) Produce(ctx context.Context, topic string, e *graph.Effect) error {
	if p.f.happens("produce refused", 0.00002) {
		return fmt.Errorf("produce: %w", transport.ErrAbort)
	}
	return p.Producer.Produce(ctx, topic, e)
}

func (p *faultyProducer) Commit(ctx context.Context, ps []transport.Position, g transport.Generation) error {
	switch {
	case p.f.happens("commit refused", 0.1):
		return fmt.Errorf("commit: %w", transport.ErrAbort)
	case p.f.happens("producer lost before the commit", 0.05):
		return fmt.Errorf("commit: %w", transport.ErrProducer)
	case p.f.happens("producer lost after the commit", 0.05):
		if err := p.Producer.Commit(ctx, ps, g); err != nil {
			return err
		}
		return fmt.Errorf("commit: %w", transport.ErrProducer)
	default:
		return p.Producer.Commit(ctx, ps, g)
	}
}

func (f *faults) NewFetcher(cfg transport.FetcherConfig) (transport.Fetcher, error) {
	if strings.HasPrefix(cfg.Name, "restore") && f.happens("restore unreachable", 0.1) {
		return nil, fmt.Errorf("restore: %w", transport.ErrUnreachable)
	}
	fetcher, err := f.Client.NewFetcher(cfg)
	if err != nil || !strings.HasPrefix(cfg.Name, "restore") {
		return fetcher, err
	}
	return &faultyRestore{fetcher, f}, nil
}

// faultyRestore reads changelogs that lose their first records.
type faultyRestore struct {
	transport.Fetcher
	f *faults
}

func (r *faultyRestore) Poll(wait time.Duration) ([]transport.Batch, error) {
	if r.f.happens("changelog lost its start", 0.1) {
		return nil, fmt.Errorf("restore: %w", transport.ErrPosition)
	}
	return r.Fetcher.Poll(wait)
}

func (f *faults) NewMember(cfg transport.MemberConfig) (transport.Member, error) {
	m, err := f.Client.NewMember(cfg)
	return &faultyMember{Member: m, f: f, elected: cfg.Changed}, err
}

// faultyMember is expelled and joins again, as it seems, and loses and wins elections.
type faultyMember struct {
	transport.Member
	f       *faults
	elected func(given, taken []int32)
}

func (m *faultyMember) Poll(wait time.Duration) error {
	if m.f.happens("overthrown", 0.02) {
		m.elected(nil, []int32{0})
		m.elected([]int32{0}, nil)
	}
	return m.Member.Poll(wait)
}

func (m *faultyMember) Generation() (transport.Generation, error) {
	g, err := m.Member.Generation()
	if err == nil && g.MemberID() != "" && m.f.happens("expelled", 0.005) {
		return another{g}, nil
	}
	return g, err
}

type another struct{ transport.Generation }

func (a another) MemberID() string { return "another" }
