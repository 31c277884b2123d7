package operator

import (
	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
)

// NewStore notes a store with the options of the call.
func (c *Call) NewStore(name, kind string, retention int64) *graph.Store {
	s := &graph.Store{Name: name, Kind: kind, At: c.At, Retention: retention, Memory: c.Memory, NoLog: c.NoLog, EmitOnCommit: c.EmitOnCommit && !c.EmitOnClose, EmitOnClose: c.EmitOnClose}
	if c.EmitOnClose && kind == "key-value" {
		c.Errorf("EmitOnWindowClose is for windows and sessions, and this has none: leave it out, or cut the groups with WindowedBy")
	}
	if c.Retention != 0 {
		switch ms := c.Retention.Milliseconds(); {
		case retention == 0:
			c.Errorf("a retention of %v is for the stores of windows and sessions, and this one keeps every row: leave topology.Retention out", c.Retention)
		case ms < retention:
			c.Errorf("a retention of %v is shorter than the window with its grace (%d ms): keep rows at least that long", c.Retention, retention)
		default:
			s.Retention = ms
		}
	}
	if c.History != nil && kind != versionedKind {
		c.Errorf("it keeps no versions: topology.Versioned is for table.From, ToTable and the tables derived of others")
	}
	return c.G.AddStore(s, c.Op)
}

// KeyValueStore is a new key-value store and how to open it.
func KeyValueStore[K, V any](c *Call, name string, ks serde.Serde[K], vs serde.Serde[V]) *graph.Store {
	s := c.NewStore(name, "key-value", 0)
	s.Make = func(ctx *graph.Context, s *graph.Store, d db.DB, prefix []byte) (graph.TaskStore, error) {
		return store.NewKeyValue(ctx, s, d, prefix, ks, vs), nil
	}
	return s
}

// KeyValueView looks rows up in a key-value store.
func KeyValueView[K, V any](s *graph.Store) graph.View[K, V] {
	return graph.View[K, V]{Stores: []*graph.Store{s}, Open: func(c *graph.Context) (graph.Lookup[K, V], error) {
		kv, err := graph.OpenStore[*store.KeyValue[K, V]](c, s)
		if err != nil {
			return nil, err
		}
		if c.Told && s.EmitOnCommit {
			kv.KeepOld()
			return kv.GetTold, nil
		}
		return kv.Get, nil
	}}
}

// AddTable adds the node that keeps the latest value of each key of a stream. The store is made when the table is
// named, looked up, or asked for old values; without it the node only turns records into changes.
func AddTable[K, V any](c *Call, s graph.Stream[K, V], name string, always bool) graph.Table[K, V] {
	ks, vs := Key(c, s.Key), Value(c, s.Value)
	t := graph.Table[K, V]{G: c.G, Key: ks, Value: vs}
	var st *graph.Store
	materialise := func() {
		if st == nil {
			st = TableStore(c, c.G.NeedName(c.At, c.Op, name, "a store"), ks, vs)
			t.Node.Use(st)
		}
	}
	spec := graph.Spec{
		Op: "table", Name: c.Name, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{s.Node},
		OnOld: func() { materialise() }, Kept: func() bool { return st != nil },
	}
	t.Node = graph.Add(c.G, spec,
		func(ctx *graph.Context, n *graph.Node, next func(*graph.Change[K, V]) error) (func(*graph.Record[K, V]) error, error) {
			if st == nil {
				return virtualTable(ctx, n, next), nil
			}
			return keeper(ctx, n, st, next)
		})
	t.View = func() graph.View[K, V] {
		materialise()
		return TableView[K, V](st)
	}
	if c.History != nil {
		t.History = new(c.History.Milliseconds())
	}
	if always || c.History != nil {
		materialise()
	}
	return t
}

func virtualTable[K, V any](ctx *graph.Context, n *graph.Node, next func(*graph.Change[K, V]) error) func(*graph.Record[K, V]) error {
	var ch graph.Change[K, V]
	return func(r *graph.Record[K, V]) error {
		if r.NullKey {
			ctx.Skip(n, "null key")
			return nil
		}
		ch = graph.Change[K, V]{Key: r.Key, New: r.Value, HasNew: !r.Null, Timestamp: r.Timestamp, Headers: r.Headers}
		return next(&ch)
	}
}

func storedTable[K, V any](
	ctx *graph.Context, n *graph.Node, kv *store.KeyValue[K, V], st *graph.Store, next func(*graph.Change[K, V]) error,
) func(*graph.Record[K, V]) error {
	var ch graph.Change[K, V]
	if st.EmitOnCommit {
		EmitChanges(ctx, n, kv, next)
	}
	return func(r *graph.Record[K, V]) error {
		if r.NullKey {
			ctx.Skip(n, "null key")
			return nil
		}
		e, err := kv.Entry(r.Key)
		if err != nil {
			return err
		}
		ch = graph.Change[K, V]{Key: r.Key, New: r.Value, HasNew: !r.Null, Timestamp: r.Timestamp, Headers: r.Headers}
		if n.SendsOld() && !st.EmitOnCommit {
			if ch.Old, err = kv.Value(e); err != nil {
				return err
			}
			ch.HasOld = e.Has()
		}
		if r.Null {
			kv.Remove(e, r.Timestamp)
		} else if err := kv.SetShared(e, r.Value, r.Timestamp); err != nil {
			return &graph.UserError{Node: n, Err: err}
		}
		if st.EmitOnCommit {
			return nil
		}
		return next(&ch)
	}
}

// EmitChanges forwards what changed in a key-value store at each commit.
func EmitChanges[K, V any](ctx *graph.Context, n *graph.Node, kv *store.KeyValue[K, V], next func(*graph.Change[K, V]) error) {
	if n.SendsOld() {
		kv.KeepOld()
	}
	var ch graph.Change[K, V]
	ctx.OnCommit(n, func() error {
		return kv.Changed(func(e *store.Entry[V], old V, hadOld bool) error {
			k, err := kv.KeyOf(e)
			if err != nil {
				return err
			}
			v, err := kv.Value(e)
			if err != nil {
				return err
			}
			ch = graph.Change[K, V]{Key: k, New: v, HasNew: e.Has(), Old: old, HasOld: hadOld, Timestamp: e.Timestamp(), Headers: ctx.Headers}
			return next(&ch)
		})
	})
}
