package stream

import (
	"time"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/window"
)

// Windows and sessions that are forwarded when they close (KIP-825). Each is, once, with what it holds then, in the order in
// which they start, sessions in which they end, and by the bytes of their keys among equals; by the record that moved stream
// time past their end and grace, with its headers. Kafka Streams reads them back from a store that may have let them expire by
// then: after a leap in stream time it forwards nothing of what the leap has closed. Here a row lasts until it was forwarded.

// closing checks what the call says of windows that are forwarded when they close, and returns after how long without a
// record they close by the wall clock; 0: never.
func closing(c *operator.Call, st *graph.Store, endless bool) time.Duration {
	switch {
	case !st.EmitOnClose && c.IdleClose != 0:
		c.Errorf("CloseWhenIdle closes windows that wait for it: add topology.EmitOnWindowClose, or leave it out")
	case !st.EmitOnClose:
	case endless:
		c.Errorf("an unlimited window never closes, so nothing would ever be forwarded: leave topology.EmitOnWindowClose out")
	case len(st.Nodes) > 0:
		c.Errorf("windows of several streams close at no one time: leave topology.EmitOnWindowClose out, and let SuppressUntilWindowCloses follow")
	case c.IdleClose < 0 || c.IdleClose%time.Millisecond != 0:
		c.Errorf("CloseWhenIdle(%v): give whole milliseconds, at least 1", c.IdleClose)
	}
	return c.IdleClose
}

// closing is process, after which the windows that it has closed are forwarded.
func (p *windowProcessor[K, V, A]) closing(process func(*graph.Record[K, V]) error, after time.Duration) func(*graph.Record[K, V]) error {
	p.final = true
	p.ctx.Var("closed/"+p.n.Name, &p.from)
	p.ws.Await(&p.from)
	idle := operator.WatchIdle(p.ctx, p.n, after, &p.observed, func() error { return p.close(nil) })
	return func(r *graph.Record[K, V]) error {
		idle.Seen()
		if err := process(r); err != nil {
			return err
		}
		if r.NullKey || p.win.IsSliding() && (r.Null || r.Timestamp < p.win.Size()) {
			return nil // as in Kafka Streams, which looks for closed windows only after a record that is not early
		}
		return p.close(r.Headers)
	}
}

// close forwards the windows that stream time has closed.
func (p *windowProcessor[K, V, A]) close(headers []graph.Header) error {
	last := p.observed - p.win.Grace() - p.win.Size()
	if p.win.IsSliding() { // the end belongs to the window
		last--
	}
	if last < p.from {
		return nil
	}
	return p.ws.Closed(last, func(e *store.Entry[A]) error {
		k, err := p.ws.KeyOf(e)
		if err != nil {
			return err
		}
		v, err := p.ws.Value(e)
		if err != nil {
			return err
		}
		start := e.StartOf()
		p.ch = graph.Change[window.Key[K], A]{
			Key: window.Key[K]{Key: k, Start: start, End: p.win.End(start)}, New: v, HasNew: true, Timestamp: e.Timestamp(), Headers: headers,
		}
		return p.next(&p.ch)
	})
}

// closing is process, after which the sessions that it has closed are forwarded.
func (p *sessionProcessor[K, V, A]) closing(after time.Duration) func(*graph.Record[K, V]) error {
	p.final = true
	p.ctx.Var("closed/"+p.n.Name, &p.from)
	p.ss.Await(&p.from)
	idle := operator.WatchIdle(p.ctx, p.n, after, &p.observed, func() error { return p.close(nil) })
	return func(r *graph.Record[K, V]) error {
		idle.Seen()
		if err := p.process(r); err != nil || r.NullKey {
			return err
		}
		return p.close(r.Headers)
	}
}

// close forwards the sessions that stream time has closed.
func (p *sessionProcessor[K, V, A]) close(headers []graph.Header) error {
	last := p.observed - p.win.Grace() - p.win.Gap() - 1
	if last < p.from {
		return nil
	}
	return p.ss.Closed(last, func(k K, x *store.Span[A]) error {
		p.ch = graph.Change[window.Key[K], A]{
			Key: window.Key[K]{Key: k, Start: x.Start, End: x.End}, New: x.Value, HasNew: true, Timestamp: x.End, Headers: headers,
		}
		return p.next(&p.ch)
	})
}
