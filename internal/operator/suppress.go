package operator

import (
	"fmt"
	"time"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
)

// Suppression is how a table holds its changes back.
type Suppression struct {
	Wait   int64 // how long after its time a change is let go, in milliseconds of stream time
	Closes bool  // its time is the end of its window, and deletes are not let go but dropped
	call   *Call
	store  *graph.Store
}

// NewSuppression notes the buffer that the call names, and what is wrong with its bounds.
func NewSuppression(c *Call, wait int64, closes bool) *Suppression {
	for _, b := range [...]struct {
		n    *int64
		what string
	}{{c.BufferRecords, "records"}, {c.BufferBytes, "bytes"}} {
		if b.n != nil && *b.n < 0 {
			c.Errorf("a buffer of %d %s: give a bound that is not negative, or none", *b.n, b.what)
		}
	}
	if c.FailWhenFull && c.BufferRecords == nil && c.BufferBytes == nil {
		c.Errorf("a buffer without bounds is never full: add topology.BufferRecords or topology.BufferBytes, or leave topology.FailWhenFull out")
	}
	if c.IdleClose < 0 || c.IdleClose%time.Millisecond != 0 {
		c.Errorf("CloseWhenIdle(%v): give whole milliseconds, at least 1", c.IdleClose)
	}
	c.EmitOnCommit = false // the buffer is no table's store
	s := &Suppression{Wait: wait, Closes: closes, call: c}
	s.store = c.NewStore(c.G.NeedName(c.At, c.Op, c.Name, "a store"), "buffer", 0)
	s.store.Make = func(ctx *graph.Context, st *graph.Store, d db.DB, prefix []byte) (graph.TaskStore, error) {
		return store.NewBuffer(ctx, st, d, prefix, s.Bounded()), nil
	}
	return s
}

// Bounded reports whether the buffer can be full.
func (s *Suppression) Bounded() bool { return s.call.BufferRecords != nil || s.call.BufferBytes != nil }

// Store is the buffer as the topology sees it.
func (s *Suppression) Store() *graph.Store { return s.store }

// Suppressor is a task's part of a [Suppression].
type Suppressor struct {
	Buffer   *store.Buffer
	ctx      *graph.Context
	n        *graph.Node
	s        *Suppression
	idle     *Idle
	observed int64
	change   store.Held // the one that is let go, and
	record   graph.Held // the record that made it
	fire     func() error
}

// Open makes a task's part; forward is what becomes of a change that is let go.
func (s *Suppression) Open(ctx *graph.Context, n *graph.Node, forward func(key []byte, h *store.Held, ts int64) error) (*Suppressor, error) {
	buf, err := graph.OpenStore[*store.Buffer](ctx, s.store)
	if err != nil {
		return nil, err
	}
	p := &Suppressor{Buffer: buf, ctx: ctx, n: n, s: s, observed: -1}
	p.fire = func() error { return forward(p.record.Raw.Key, &p.change, p.record.Raw.Timestamp) }
	ctx.Var("node/"+n.Name, &p.observed)
	p.idle = WatchIdle(ctx, n, s.call.IdleClose, &p.observed, p.due)
	return p, nil
}

// Held is a change, as yet without bytes, that the record being processed brought.
func (p *Suppressor) Held(at int64, headers []graph.Header) store.Held {
	return store.Held{At: at, Topic: p.ctx.Topic, Partition: p.ctx.Partition, Offset: p.ctx.Offset, Headers: headers}
}

// Put holds a change of time ts back and lets those go whose time has come, the earliest first, and then those that there is
// no room for.
func (p *Suppressor) Put(e *store.Entry[store.Held], h store.Held, ts int64) error {
	if p.idle.Seen(); p.idle != nil && p.s.Closes && h.At <= p.observed-p.s.Wait {
		p.ctx.Skip(p.n, "late: its window was closed when no records came")
		return nil
	}
	p.observed = max(p.observed, ts)
	if err := p.Buffer.Put(e, h, ts); err != nil {
		return err
	}
	if err := p.due(); err != nil {
		return err
	}
	return p.shrink()
}

// due lets go what the time has come for.
func (p *Suppressor) due() error {
	for {
		at, ok, err := p.Buffer.First()
		if err != nil {
			return err
		}
		if !ok || at > p.observed-p.s.Wait {
			return nil
		}
		if err := p.release(); err != nil {
			return err
		}
	}
}

// shrink makes the buffer keep to its bounds.
func (p *Suppressor) shrink() error {
	if !p.s.Bounded() {
		return nil
	}
	for {
		u, err := p.Buffer.Usage()
		if err != nil || !p.full(u) {
			return err
		}
		if p.s.Closes || p.s.call.FailWhenFull {
			p.ctx.Fault = fmt.Errorf("%s (%s): the buffer is full: it holds back %d changes of %d bytes, and may %s: make it larger (topology.BufferRecords, "+
				"topology.BufferBytes), or wait for less long a time", p.n.Name, p.n.At, u.Records, u.Bytes, p.bounds())
			return p.ctx.Fault
		}
		if u.Records == 0 {
			return nil
		}
		if err := p.release(); err != nil {
			return err
		}
	}
}

func (p *Suppressor) full(u store.Usage) bool {
	c := p.s.call
	return c.BufferRecords != nil && u.Records > *c.BufferRecords || c.BufferBytes != nil && u.Bytes > *c.BufferBytes
}

func (p *Suppressor) bounds() string {
	switch records, bytes := p.s.call.BufferRecords, p.s.call.BufferBytes; {
	case bytes == nil:
		return fmt.Sprintf("hold %d changes", *records)
	case records == nil:
		return fmt.Sprintf("hold %d bytes", *bytes)
	default:
		return fmt.Sprintf("hold %d changes and %d bytes", *records, *bytes)
	}
}

// release lets the first change go. It is forwarded as the record that made it last.
func (p *Suppressor) release() error {
	key, h, ts, err := p.Buffer.Take()
	if err != nil || h.New == nil && p.s.Closes {
		return err
	}
	p.change = h
	p.record = graph.Held{Node: p.n, Topic: h.Topic, Raw: graph.Raw{
		Key: key, Value: h.New, Headers: h.Headers, Timestamp: ts, Partition: h.Partition, Offset: h.Offset,
	}}
	return p.ctx.LetGo(&p.record, p.fire)
}
