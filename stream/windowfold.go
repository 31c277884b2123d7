package stream

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/window"
)

// foldWindows adds the node that aggregates into st. tells says that it is the one to tell at commits what changed in a store
// that emits then.
func foldWindows[K, V, A any](
	c *operator.Call, name string, parent *graph.Node, st *graph.Store, win window.TimeWindow, f fold[K, V, A], tells bool,
) *graph.Node {
	hide := hides[V]() && !f.blind
	idle := closing(c, st, win.IsUnlimited())
	spec := graph.Spec{
		Op: c.Op, Name: name, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{parent}, Stores: []*graph.Store{st}, Grace: new(win.Grace()),
	}
	return graph.Add(c.G, spec,
		func(ctx *graph.Context, n *graph.Node, next func(*graph.Change[window.Key[K], A]) error) (func(*graph.Record[K, V]) error, error) {
			ws, err := graph.OpenStore[*store.Window[K, A]](ctx, st)
			if err != nil {
				return nil, err
			}
			if tells {
				emitWindows(ctx, n, ws, win, next)
			}
			p := &windowProcessor[K, V, A]{
				ctx: ctx, n: n, ws: ws, f: f, win: win, observed: -1, hide: hide,
				later: st.EmitOnCommit || st.EmitOnClose, old: n.SendsOld() && !st.EmitOnCommit && !st.EmitOnClose, next: next,
			}
			ctx.Var("node/"+n.Name, &p.observed)
			process := p.process
			if win.IsSliding() {
				process = p.slide
			}
			if !st.EmitOnClose {
				return process, nil
			}
			return p.closing(process, idle), nil
		})
}

// windowProcessor folds records into the rows of their windows.
type windowProcessor[K, V, A any] struct {
	ctx      *graph.Context
	n        *graph.Node
	ws       *store.Window[K, A]
	f        fold[K, V, A]
	win      window.TimeWindow
	observed int64 // stream time, of this operator
	hide     bool  // null values are not for f
	later    bool  // updates are not forwarded one by one
	old      bool  // children ask for old values
	next     func(*graph.Change[window.Key[K], A]) error
	ch       graph.Change[window.Key[K], A]
	final    bool  // windows are forwarded when they close
	from     int64 // those that start before it were
	near     []store.Near
	admitted bool // whether the store takes the row at hand
}

func (p *windowProcessor[K, V, A]) process(r *graph.Record[K, V]) error {
	if r.NullKey {
		p.ctx.Skip(p.n, "null key")
		return nil
	}
	if r.Null && p.hide {
		p.ctx.Skip(p.n, hidden)
		return nil
	}
	p.observed = max(p.observed, r.Timestamp)
	closed := p.observed - p.win.Grace()
	for start := p.win.First(r.Timestamp); start <= r.Timestamp; start += p.win.Advance() {
		if p.win.End(start) <= closed {
			p.ctx.Skip(p.n, late)
			continue
		}
		if err := p.update(r, start); err != nil {
			return err
		}
	}
	return nil
}

const (
	late   = "late: its window has closed"
	hidden = "null value of a type that cannot be nil"
)

// update folds r into the row of a window, which need not exist.
func (p *windowProcessor[K, V, A]) update(r *graph.Record[K, V], start int64) error {
	e, live, err := p.ws.Entry(r.Key, start)
	if err != nil {
		return err
	}
	p.begin(r, start)
	var a A
	switch {
	case live:
		p.ch.Timestamp = max(r.Timestamp, e.Timestamp())
		if p.old {
			if p.ch.Old, err = p.ws.Copy(e); err != nil {
				return err
			}
			p.ch.HasOld = true
		}
		if a, err = p.ws.Value(e); err != nil {
			return err
		}
	case p.old: // see foldRows
		p.ch.Old, p.ch.HasOld = p.f.init()
	}
	p.touch(e, start)
	p.ch.New, p.ch.HasNew = p.f.add(a, live, r)
	return p.put(e, r.Timestamp)
}

// begin is the change that a record is about to make.
func (p *windowProcessor[K, V, A]) begin(r *graph.Record[K, V], start int64) {
	p.ch = graph.Change[window.Key[K], A]{
		Key: window.Key[K]{Key: r.Key, Start: start, End: p.win.End(start)}, Timestamp: r.Timestamp, Headers: r.Headers,
	}
}

// touch must be called before a row's value is changed. A row that its store does not take any more is not: at a commit, the store
// would tell of it as it was.
func (p *windowProcessor[K, V, A]) touch(e *store.Entry[A], start int64) {
	if p.admitted = p.ws.Admit(start); p.admitted {
		p.ws.Touch(e)
	}
}

// put makes the change in the row, and forwards it.
func (p *windowProcessor[K, V, A]) put(e *store.Entry[A], deleted int64) error {
	switch {
	case !p.admitted:
		p.ctx.Skip(p.n, "window expired in its store")
		if p.final {
			return nil
		}
		return p.next(&p.ch) // the store will not tell of it
	case p.ch.HasNew:
		if p.final && !e.Has() {
			p.ws.New(e)
		}
		p.ws.Set(e, p.ch.New, p.ch.Timestamp)
	default:
		p.ws.Remove(e, deleted)
	}
	if p.later {
		return nil
	}
	return p.next(&p.ch)
}
