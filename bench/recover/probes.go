package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// probes are records that come out again once they are committed: one at a time is sent into a partition of the input, and
// when it came out is noted.
type probes struct {
	f    flags
	in   *kgo.Client
	out  *kgo.Client
	stop context.CancelFunc
	done chan struct{}

	mu    sync.Mutex
	last  int64
	sent  map[int64]time.Time
	lags  map[int64]time.Duration // of those that came out
	fresh chan struct{}           // closed and replaced when one comes out
}

func newProbes(f flags) (*probes, error) {
	p := &probes{f: f, sent: map[int64]time.Time{}, lags: map[int64]time.Duration{}, done: make(chan struct{}), fresh: make(chan struct{})}
	p.last = time.Now().UnixNano() // none of an earlier run has the number
	var err error
	if p.in, err = kgo.NewClient(kgo.SeedBrokers(f.bootstrap), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0)); err != nil {
		return nil, fmt.Errorf("recover: %w", err)
	}
	if p.out, err = kgo.NewClient(kgo.SeedBrokers(f.bootstrap), kgo.ConsumeTopics(f.output()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(100*time.Millisecond), kgo.MetadataMinAge(100*time.Millisecond),
		kgo.UnknownTopicRetries(-1)); err != nil {
		p.in.Close()
		return nil, fmt.Errorf("recover: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	go p.watch(ctx)
	return p, nil
}

func (p *probes) close() {
	p.stop()
	<-p.done
	p.in.Close()
	p.out.Close()
}

// send sends one into each partition, and returns their numbers.
func (p *probes) send(ctx context.Context) ([]int64, error) {
	var numbers []int64
	var records []*kgo.Record
	p.mu.Lock()
	for i := range p.f.partitions {
		p.last++
		p.sent[p.last] = time.Now()
		numbers = append(numbers, p.last)
		key := fmt.Appendf(nil, "probe-%d", i)
		records = append(records, &kgo.Record{Topic: p.f.input(), Partition: int32(i), Key: key, Value: encode(-p.last)})
	}
	p.mu.Unlock()
	return numbers, p.in.ProduceSync(ctx, records...).FirstErr()
}

// encode is the stock serde's int64.
func encode(n int64) []byte {
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte(n >> (56 - 8*i))
	}
	return b
}

// watch notes what comes out.
func (p *probes) watch(ctx context.Context) {
	defer close(p.done)
	for ctx.Err() == nil {
		fetches := p.out.PollFetches(ctx)
		now := time.Now()
		p.mu.Lock()
		fetches.EachRecord(func(r *kgo.Record) {
			var n int64
			for _, b := range r.Value {
				n = n<<8 | int64(b)
			}
			if at, ours := p.sent[-n]; ours {
				if _, twice := p.lags[-n]; !twice {
					p.lags[-n] = now.Sub(at)
				}
			}
		})
		close(p.fresh)
		p.fresh = make(chan struct{})
		p.mu.Unlock()
	}
}

// lag waits until n of the probes came out, and returns how long the slowest of the n took.
func (p *probes) lag(ctx context.Context, numbers []int64, n int) (time.Duration, error) {
	for {
		p.mu.Lock()
		out, longest, fresh := 0, time.Duration(0), p.fresh
		for _, x := range numbers {
			if d, ok := p.lags[x]; ok {
				out++
				longest = max(longest, d)
			}
		}
		p.mu.Unlock()
		if out >= n {
			return longest, nil
		}
		select {
		case <-fresh:
		case <-ctx.Done():
			return 0, fmt.Errorf("%d of %d probes came out: %w", out, len(numbers), context.Cause(ctx))
		}
	}
}

// through sends probes and waits until all came out.
func (p *probes) through(ctx context.Context) error {
	numbers, err := p.send(ctx)
	if err == nil {
		_, err = p.lag(ctx, numbers, len(numbers))
	}
	return err
}

// probeInterval is how often pace sends: pauses are measured to within it and a commit.
const probeInterval = 50 * time.Millisecond

// pace sends probes all the while that f runs, and returns the longest time that one took to come out.
func (p *probes) pace(ctx context.Context, f func() error) (time.Duration, error) {
	pacing, stop := context.WithCancel(ctx)
	var numbers []int64
	var failed error
	done := make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(probeInterval); ; {
			select {
			case <-pacing.Done():
				tick.Stop()
				return
			case <-tick.C:
			}
			more, err := p.send(ctx)
			if err != nil {
				failed = err
				return
			}
			numbers = append(numbers, more...)
		}
	}()
	err := f()
	stop()
	<-done
	if err := errors.Join(err, failed); err != nil {
		return 0, err
	}
	return p.lag(ctx, numbers, len(numbers))
}
