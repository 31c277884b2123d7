package sim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/murmur2"
	"github.com/millrace-go/millrace/internal/transport"
)

// producer sends what it is given in its own time, as the real client does, and all of it before a transaction ends.
type producer struct {
	p     *process
	cfg   transport.ProducerConfig
	epoch int
	broke error // what went wrong since the last Flush or Abort
	fatal error

	mu      sync.Mutex // a worker produces while nobody waits for it
	buffer  []sent
	sending bool
}

// sent is a record on its way.
type sent struct {
	transport.Partition
	graph.Raw
}

// NewProducer implements [transport.Client].
func (p *process) NewProducer(cfg transport.ProducerConfig) (transport.Producer, error) {
	if p.dead.Load() {
		return nil, errCrashed
	}
	return &producer{p: p, cfg: cfg}, nil
}

func (p *producer) coordinator() *coordinated { return p.p.w.cluster.coordinator(p.cfg.ID) }

// name is for keys.
func (p *producer) name() string { return "producer " + p.cfg.ID }

// Init implements [transport.Producer].
func (p *producer) Init(context.Context) error {
	if p.cfg.ID == "" {
		return nil
	}
	err := p.p.call(call{key: p.name() + ": init", delicate: true, do: func() error {
		x := p.coordinator()
		x.timeout = p.cfg.Timeout
		x.fence()
		return nil
	}})
	if err != nil {
		return err
	}
	return p.p.call(call{
		key: p.name() + ": init once settled", ready: func() bool { return p.coordinator().idle() },
		do: func() error {
			x := p.coordinator()
			x.epoch++
			p.epoch = x.epoch
			return nil
		},
	})
}

// Begin implements [transport.Producer]: the broker hears of a transaction with its first record.
func (p *producer) Begin() error {
	if p.p.dead.Load() {
		return errCrashed
	}
	p.broke = nil
	return p.fatal
}

// Produce implements [transport.Producer].
func (p *producer) Produce(_ context.Context, topic string, e *graph.Effect) error {
	if p.p.dead.Load() {
		return errCrashed
	}
	r := sent{transport.Partition{Topic: topic, Index: e.Partition}, graph.Raw{
		Key: bytes.Clone(e.Key), Value: bytes.Clone(e.Value), Headers: slices.Clone(e.Headers), Timestamp: e.Timestamp,
	}}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buffer = append(p.buffer, r)
	if !p.sending {
		p.sending = true
		s := p.p.w.sched
		s.ask(p.p.name+" "+p.name()+": send", func() { p.sendLater(s.climate.latency(s.rnd)) })
	}
	return nil
}

// sendLater sends what was produced, and what could not be sent then, later.
func (p *producer) sendLater(d time.Duration) {
	p.p.w.sched.after(d, p.p.name+" "+p.name()+": send", p.p, func() {
		away := p.p.w.cluster.away()
		if away <= 0 && !errors.Is(p.send(), errConcurrent) {
			p.mu.Lock()
			p.sending = false
			p.mu.Unlock()
			return
		}
		p.sendLater(max(away, 20*time.Millisecond))
	}).sent = true
}

// send writes to the log what was produced.
func (p *producer) send() error {
	p.mu.Lock()
	list := p.buffer
	p.mu.Unlock()
	if len(list) == 0 || p.broke != nil || p.fatal != nil || p.p.w.cluster.away() > 0 {
		return errors.Join(p.fatal, p.broke)
	}
	var tx *transaction
	if p.cfg.ID != "" {
		var err error
		if tx, err = p.coordinator().current(p.epoch); err != nil {
			if errors.Is(err, errFenced) {
				p.fatal = err
			}
			return err
		}
	}
	p.mu.Lock()
	p.buffer = nil
	p.mu.Unlock()
	refused := len(list)
	if p.p.w.chance(p.p.w.climate.refused / 4) {
		refused = p.p.w.sched.rnd.IntN(len(list))
	}
	for i, r := range list {
		if i == refused {
			p.broke = p.refusal("a record was not acknowledged in time")
			return p.broke
		}
		p.append(r, tx)
	}
	return nil
}

// refusal is what ends a transaction but not the producer; without transactions, it is what a record met with.
func (p *producer) refusal(why string) error {
	if p.cfg.ID == "" {
		return fmt.Errorf("sim: %s: %w", why, transport.ErrUnreachable)
	}
	return fmt.Errorf("sim: %s: %w", why, transport.ErrAbort)
}

func (p *producer) append(r sent, tx *transaction) {
	c := p.p.w.cluster
	if n := c.count(r.Topic); r.Index == graph.AnyPartition {
		r.Index = murmur2.Partition(r.Key, n)
	}
	part := c.partition(r.Partition)
	if part == nil {
		p.p.w.sched.fail(fmt.Errorf("%s wrote to %v, which does not exist", p.name(), r.Partition))
		return
	}
	r.Raw.Partition = r.Index
	if tx != nil {
		tx.touch(r.Partition)
	}
	part.append(r.Raw, tx)
}

// flushed says that the call may go on, after it has sent what was waiting.
func (p *producer) flushed() bool { return !errors.Is(p.send(), errConcurrent) }

// Flush implements [transport.Producer].
func (p *producer) Flush(context.Context) error {
	return p.p.call(call{key: p.name() + ": flush", delicate: true, ready: p.flushed, do: func() error {
		err := errors.Join(p.fatal, p.broke)
		p.broke = nil
		p.forget()
		return err
	}})
}

// forget drops what was not sent.
func (p *producer) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buffer = nil
}
