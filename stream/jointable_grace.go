package stream

import (
	"bytes"
	"time"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
)

// grace holds the records of a stream-table join back until the table's rows have had time to come (KIP-923).
type grace[K, V any] struct {
	store *graph.Store
	ms    int64
	ks    serde.Serde[K]
	vs    serde.Serde[V]
}

// newGrace is the grace of a join; nil if it has none. history is how far back the table can be looked up, in milliseconds; nil if it cannot.
func newGrace[K, V any](c *operator.Call, in graph.Stream[K, V], history *int64) *grace[K, V] {
	if c.JoinGrace == nil {
		return nil
	}
	inner := &operator.Call{G: c.G, Op: c.Op, At: c.At} // the options are not the stream's
	inner.Memory, inner.NoLog = c.Memory, c.NoLog
	return &grace[K, V]{graceStore(c, inner, history), c.JoinGrace.Milliseconds(), operator.Key(inner, in.Key), operator.Value(inner, in.Value)}
}

func graceStore(c, inner *operator.Call, history *int64) *graph.Store {
	switch grace := *c.JoinGrace; {
	case grace < 0 || grace%time.Millisecond != 0:
		c.Errorf("a grace of %v: give whole milliseconds that are not negative, since event time has no finer ones", grace)
	case history == nil:
		c.Errorf("a grace needs a versioned table, to look rows up as they were: give the table the option topology.Versioned, or leave topology.JoinGrace out")
	case grace.Milliseconds() > *history:
		c.Errorf("a grace of %v is longer than the table's history of %d ms, and rows would be gone when they are looked up: give the table a history at least as long",
			grace, *history)
	}
	st := inner.NewStore(c.G.NeedName(c.At, c.Op, c.Name, "a store of the records that wait")+"-waiting", "waiting", 0)
	st.Make = func(ctx *graph.Context, s *graph.Store, d db.DB, prefix []byte) (graph.TaskStore, error) {
		return store.NewWaiting(ctx, s, d, prefix), nil
	}
	return st
}

// compile returns what takes the join's records: each waits until stream time, which is that of these records, is the grace
// after it. One that is later than that is joined at once, and so is one whose key is null, which looks nothing up.
func (g *grace[K, V]) compile(ctx *graph.Context, n *graph.Node, join func(*graph.Record[K, V]) error) (func(*graph.Record[K, V]) error, error) {
	w, err := graph.OpenStore[*store.Waiting](ctx, g.store)
	if err != nil {
		return nil, err
	}
	observed := int64(-1)
	ctx.Var("node/"+n.Name, &observed)
	var kb []byte
	return func(r *graph.Record[K, V]) error {
		if r.Timestamp > observed {
			observed, ctx.Mutated = r.Timestamp, true
		}
		if r.NullKey || r.Timestamp < observed-g.ms {
			if err := join(r); err != nil {
				return err
			}
			return g.release(ctx, w, observed, join)
		}
		h := store.Held{At: r.Timestamp, Topic: ctx.Topic, Partition: ctx.Partition, Offset: ctx.Offset, Headers: r.Headers, New: bytes.Clone(r.Raw)}
		if kb, err = g.ks.Append(kb[:0], r.Key); err != nil {
			return &graph.UserError{Node: n, Err: err}
		}
		if h.New == nil {
			if h.New, err = g.vs.Append([]byte{}, r.Value); err != nil {
				return &graph.UserError{Node: n, Err: err}
			}
		}
		if err := w.Put(kb, h); err != nil {
			return err
		}
		return g.release(ctx, w, observed, join)
	}, nil
}

// release joins what has waited long enough, as if it came now.
func (g *grace[K, V]) release(ctx *graph.Context, w *store.Waiting, observed int64, join func(*graph.Record[K, V]) error) error {
	topic, partition, offset, headers := ctx.Topic, ctx.Partition, ctx.Offset, ctx.Headers
	defer func() { ctx.Topic, ctx.Partition, ctx.Offset, ctx.Headers = topic, partition, offset, headers }()
	for {
		at, ok, err := w.First()
		if err != nil || !ok || at > observed-g.ms {
			return err
		}
		key, h, err := w.Take()
		if err != nil {
			return err
		}
		r := graph.Record[K, V]{Timestamp: h.At, Headers: h.Headers}
		if r.Key, err = g.ks.Decode(key); err != nil {
			return &graph.DecodeError{Part: "key", Err: err}
		}
		if r.Value, err = g.vs.Decode(h.New); err != nil {
			return &graph.DecodeError{Part: "value", Err: err}
		}
		ctx.Topic, ctx.Partition, ctx.Offset, ctx.Headers = h.Topic, h.Partition, h.Offset, h.Headers
		if err := join(&r); err != nil {
			return err
		}
	}
}
