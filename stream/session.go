package stream

import (
	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// Count counts the records of each key and session. A record that merges sessions forwards a null for each of them
// before the merged one. With [topology.EmitOnWindowClose] only closed sessions are forwarded, each once, and no nulls.
//
// Cost: a session store and its changelog, named by topology.As; one look-up a record; a repartition if the key has
// changed. Nulls: records whose key is null are dropped and counted; null values count. A record is late, and dropped
// and counted, if the session that it would make or extend ends before the latest timestamp that this operator has
// seen, minus grace and gap (KIP-328). The result's timestamp is the session's end. It has no headers: a session is
// made of several records. Kafka Streams: SessionWindowedKStream.count (KIP-94).
func (w *SessionWindowed[K, V]) Count[O topology.Opt](opts ...O) *table.Table[window.Key[K], int64] {
	c := call(w.g.c, "session-count", topology.Options(opts))
	return table.Of(sessions(w, c, func(serde.Serde[int64]) fold[K, V, int64] { return countFold[K, V]() }))
}

// Reduce combines the values of each key and session: see Grouped.Reduce. Sessions are merged by reduce(earlier,
// later).
//
// Cost, lateness and time: see Count. Nulls: those of a V that can be nil reach reduce, others are dropped and counted.
// Kafka Streams: SessionWindowedKStream.reduce.
func (w *SessionWindowed[K, V]) Reduce[O topology.Opt](reduce func(V, V) V, opts ...O) *table.Table[window.Key[K], V] {
	c := call(w.g.c, "session-reduce", topology.Options(opts))
	c.Check(reduce == nil, "reducer")
	if c.ValueSerde == nil && w.g.s.Value != nil {
		c.ValueSerde = w.g.s.Value
	}
	return table.Of(sessions(w, c, func(vs serde.Serde[V]) fold[K, V, V] { return reduceFold[K](reduce, operator.Privately(vs)) }))
}

// Aggregate folds the values of each key and session: init starts, merge(so far, key, session) takes in each session
// that the record touches, also where it is only one, and add(so far, key, value) the record at last. All three may
// change and return their first argument; merge may return its third. A nil result of an A that can be nil deletes the
// session.
//
// Cost, lateness and time: see Count. Nulls: those of a V that can be nil reach add, others are dropped and counted.
// Kafka Streams: SessionWindowedKStream.aggregate.
func (w *SessionWindowed[K, V]) Aggregate[A any](init func() A, add func(A, K, V) A, merge func(A, K, A) A, opts ...topology.Option) *table.Table[window.Key[K], A] {
	c := call(w.g.c, "session-aggregate", opts)
	c.Check(init == nil, "initialiser")
	c.Check(add == nil, "aggregator")
	c.Check(merge == nil, "merger")
	return table.Of(sessions(w, c, func(serde.Serde[A]) fold[K, V, A] { return aggregateFold(init, add, merge) }))
}

// AggregateOrDelete is Aggregate whose add says whether the session stays: false deletes it and forwards a null.
//
// Cost, lateness, nulls and time: see Aggregate.
func (w *SessionWindowed[K, V]) AggregateOrDelete[A any](init func() A, add func(A, K, V) (A, bool), merge func(A, K, A) A, opts ...topology.Option) *table.Table[window.Key[K], A] {
	c := call(w.g.c, "session-aggregate", opts)
	c.Check(init == nil, "initialiser")
	c.Check(add == nil, "aggregator")
	c.Check(merge == nil, "merger")
	return table.Of(sessions(w, c, func(serde.Serde[A]) fold[K, V, A] { return deletingFold(init, add, merge) }))
}

func sessions[K, V, A any](w *SessionWindowed[K, V], c *operator.Call, makeFold func(vs serde.Serde[A]) fold[K, V, A]) graph.Table[window.Key[K], A] {
	name := c.G.NeedName(c.At, c.Op, c.Name, "a store")
	s := w.g.partitioned(name)
	vs := operator.Value[A](c, nil)
	st := sessionStore(c, name, w.w.Retention(), s.Key, vs)
	n := foldSessions(c, c.Name, s.Node, st, w.w, makeFold(vs), st.EmitOnCommit)
	return graph.Table[window.Key[K], A]{G: c.G, Node: n, Key: window.KeySerde(s.Key), Value: vs, View: sessionView[K, A](st)}
}

// sessionStore is the store of sessions that are kept for so many milliseconds.
func sessionStore[K, A any](c *operator.Call, name string, retention int64, ks serde.Serde[K], vs serde.Serde[A]) *graph.Store {
	st := c.NewStore(name, "session", retention)
	st.Make = func(ctx *graph.Context, st *graph.Store, d db.DB, prefix []byte) (graph.TaskStore, error) {
		s := store.NewSession(ctx, st, d, prefix, ks, vs)
		return s, s.Index(st.EmitOnClose)
	}
	return st
}

// foldSessions adds the node that aggregates into st: see foldWindows.
func foldSessions[K, V, A any](
	c *operator.Call, name string, parent *graph.Node, st *graph.Store, win window.SessionWindow, f fold[K, V, A], tells bool,
) *graph.Node {
	hide := hides[V]() && !f.blind
	idle := closing(c, st, false)
	spec := graph.Spec{
		Op: c.Op, Name: name, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{parent}, Stores: []*graph.Store{st},
		Grace: new(win.Gap() + win.Grace()),
	}
	return graph.Add(c.G, spec,
		func(ctx *graph.Context, n *graph.Node, next func(*graph.Change[window.Key[K], A]) error) (func(*graph.Record[K, V]) error, error) {
			ss, err := graph.OpenStore[*store.Session[K, A]](ctx, st)
			if err != nil {
				return nil, err
			}
			p := &sessionProcessor[K, V, A]{ctx: ctx, n: n, ss: ss, f: f, win: win, observed: -1, later: st.EmitOnCommit, hide: hide, next: next}
			ctx.Var("node/"+n.Name, &p.observed)
			if tells {
				emitSessions(ctx, n, ss, next)
			}
			if st.EmitOnClose {
				return p.closing(idle), nil
			}
			return p.process, nil
		})
}

type sessionProcessor[K, V, A any] struct {
	ctx         *graph.Context
	n           *graph.Node
	ss          *store.Session[K, A]
	f           fold[K, V, A]
	win         window.SessionWindow
	observed    int64
	later, hide bool
	next        func(*graph.Change[window.Key[K], A]) error
	ch          graph.Change[window.Key[K], A]
	merged      []store.Span[A]
	final       bool  // sessions are forwarded when they close
	from        int64 // those that end before it were
}

func (p *sessionProcessor[K, V, A]) process(r *graph.Record[K, V]) error {
	if r.NullKey {
		p.ctx.Skip(p.n, "null key")
		return nil
	}
	if r.Null && p.hide {
		p.ctx.Skip(p.n, hidden)
		return nil
	}
	p.observed = max(p.observed, r.Timestamp)
	e, list, err := p.ss.Entry(r.Key)
	if err != nil {
		return err
	}
	// The bounds first, since a late record must not reach a callback that may change a session.
	start, end := r.Timestamp, r.Timestamp
	p.merged = p.merged[:0]
	touches := func(x *store.Span[A]) bool {
		return x.End >= r.Timestamp-p.win.Gap() && x.Start <= r.Timestamp+p.win.Gap() && p.ss.Seen(x.End)
	}
	for i := range list {
		if x := &list[i]; touches(x) {
			p.merged = append(p.merged, *x)
			start, end = min(start, x.Start), max(end, x.End)
		}
	}
	if end < p.observed-p.win.Grace()-p.win.Gap() {
		p.ctx.Skip(p.n, "late: its session has closed")
		return nil
	}
	if err := p.replace(r, e, list, start, end); err != nil {
		return err
	}
	clear(p.merged)
	return nil
}

// replace puts the session [start, end] in place of the merged ones.
func (p *sessionProcessor[K, V, A]) replace(r *graph.Record[K, V], e *store.Sessions[A], list []store.Span[A], start, end int64) error {
	old := p.merged
	if p.n.SendsOld() && !p.later && !p.final {
		var err error
		if old, err = p.ss.CopySpans(p.merged); err != nil {
			return err
		}
	}
	p.ss.Touch(e)
	a, has := p.f.init()
	for i := range p.merged {
		a, has = p.f.merge(r.Key, a, has, p.merged[i].Value)
	}
	a, has = p.f.add(a, has, r)
	admitted := p.ss.Admit(end)
	if !admitted {
		p.ctx.Skip(p.n, "session expired in its store")
	}
	if p.final && (len(p.merged) != 1 || p.merged[0].Start != start || p.merged[0].End != end) {
		p.ss.New(e, start, end)
	}
	p.ss.Merge(e, list, p.merged, store.Span[A]{Start: start, End: end, Value: a}, has && admitted)
	if p.final {
		return nil
	}
	moved := start != r.Timestamp || end != r.Timestamp
	if p.later {
		if has && !admitted { // the store will not tell of it
			return p.forward(r.Key, start, end, &a, nil)
		}
		return nil
	}
	if moved {
		for i := range p.merged {
			x := &p.merged[i]
			if err := p.forward(r.Key, x.Start, x.End, nil, &old[i].Value); err != nil {
				return err
			}
		}
	}
	var now *A
	if has {
		now = &a
	}
	return p.forward(r.Key, start, end, now, nil)
}

func (p *sessionProcessor[K, V, A]) forward(k K, start, end int64, now, old *A) error {
	p.ch = graph.Change[window.Key[K], A]{Key: window.Key[K]{Key: k, Start: start, End: end}, Timestamp: end}
	if p.later {
		p.ch.Headers = p.ctx.Headers
	}
	if now != nil {
		p.ch.New, p.ch.HasNew = *now, true
	}
	if old != nil && p.n.SendsOld() {
		p.ch.Old, p.ch.HasOld = *old, true
	}
	return p.next(&p.ch)
}

// emitSessions forwards what changed in a session store at each commit.
func emitSessions[K, A any](ctx *graph.Context, n *graph.Node, ss *store.Session[K, A], next func(*graph.Change[window.Key[K], A]) error) {
	if n.SendsOld() {
		ss.KeepOld()
	}
	var ch graph.Change[window.Key[K], A]
	ctx.OnCommit(n, func() error {
		return ss.ChangedSpans(func(k K, x store.Span[A], gone bool, old *A) error {
			ch = graph.Change[window.Key[K], A]{Key: window.Key[K]{Key: k, Start: x.Start, End: x.End}, Timestamp: x.End, Headers: ctx.Headers}
			if !gone {
				ch.New, ch.HasNew = x.Value, true
			}
			if old != nil && n.SendsOld() {
				ch.Old, ch.HasOld = *old, true
			}
			return next(&ch)
		})
	})
}

func sessionView[K, A any](st *graph.Store) func() graph.View[window.Key[K], A] {
	return func() graph.View[window.Key[K], A] {
		return graph.View[window.Key[K], A]{Stores: []*graph.Store{st}, Open: func(ctx *graph.Context) (graph.Lookup[window.Key[K], A], error) {
			ss, err := graph.OpenStore[*store.Session[K, A]](ctx, st)
			if err != nil {
				return nil, err
			}
			look := ss.Look
			if ctx.Told && st.EmitOnCommit {
				ss.KeepOld()
				look = ss.LookTold
			}
			return func(k window.Key[K]) (v A, ts int64, ok bool, err error) {
				list, err := look(k.Key)
				for _, x := range list {
					if x.Start == k.Start && x.End == k.End && ss.Seen(x.End) {
						return x.Value, x.End, true, err
					}
				}
				return v, 0, false, err
			}, nil
		}}
	}
}
