package stream

import (
	"github.com/millrace-go/millrace/internal/graph"
)

// slide is process for sliding windows: Kafka Streams' algorithm (KIP-450), which never looks at more than the windows around a
// record. What it does is worked out by slides, from where those windows are.
func (p *windowProcessor[K, V, A]) slide(r *graph.Record[K, V]) error {
	if r.NullKey || r.Null {
		p.ctx.Skip(p.n, "null key or value")
		return nil
	}
	p.observed = max(p.observed, r.Timestamp)
	closed := p.observed - p.win.Grace()
	if p.win.End(r.Timestamp) < closed {
		p.ctx.Skip(p.n, late)
		return nil
	}
	var err error
	if p.near, err = p.ws.Near(p.near[:0], r.Key, nearest(r.Timestamp, p.win.Size()), r.Timestamp+1); err != nil {
		return err
	}
	s := slides(p.near, r.Timestamp, p.win.Size())
	var later A // what the record's right window holds, before the record gets into the window that it is copied from
	if s.right.made {
		if later, err = p.copied(r, s.right.from); err != nil {
			return err
		}
	}
	for _, m := range s.moves {
		switch {
		case m == s.right:
			err = p.start(r, m.start, later, s.latest)
		case p.win.End(m.start) < closed:
			p.ctx.Skip(p.n, late)
		case m.made:
			err = p.make(r, m)
		default:
			err = p.update(r, m.start)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// copied is the aggregate of another window, as nobody else holds it.
func (p *windowProcessor[K, V, A]) copied(r *graph.Record[K, V], start int64) (a A, err error) {
	e, _, err := p.ws.Entry(r.Key, start)
	if err != nil {
		return a, err
	}
	return p.ws.Copy(e)
}

// start makes a window of the records after r.
func (p *windowProcessor[K, V, A]) start(r *graph.Record[K, V], start int64, a A, ts int64) error {
	e, _, err := p.ws.Entry(r.Key, start)
	if err != nil {
		return err
	}
	p.begin(r, start)
	p.ch.New, p.ch.HasNew, p.ch.Timestamp = a, true, ts
	p.touch(e, start)
	return p.put(e, ts)
}

// make makes a window of r and what another holds, or of r alone. Where the right window of the record before and r's left
// window are one, it is made twice, and forwarded twice, as in Kafka Streams.
func (p *windowProcessor[K, V, A]) make(r *graph.Record[K, V], m move) (err error) {
	p.begin(r, m.start)
	var a A
	if m.from >= 0 {
		if a, err = p.copied(r, m.from); err != nil {
			return err
		}
	}
	if p.old { // see foldRows
		p.ch.Old, p.ch.HasOld = p.f.init()
		if m.from >= 0 {
			if p.ch.Old, err = p.copied(r, m.from); err != nil {
				return err
			}
			p.ch.HasOld = true
		}
	}
	e, _, err := p.ws.Entry(r.Key, m.start)
	if err != nil {
		return err
	}
	p.touch(e, m.start)
	p.ch.New, p.ch.HasNew = p.f.add(a, m.from >= 0, r)
	return p.put(e, r.Timestamp)
}
