package operator

import (
	"time"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
)

// TableStore is the store of a table: of the latest value of each key, or of its versions where the call asks for them.
func TableStore[K, V any](c *Call, name string, ks serde.Serde[K], vs serde.Serde[V]) *graph.Store {
	if c.History == nil {
		return KeyValueStore(c, name, ks, vs)
	}
	return VersionedStore(c, name, *c.History, ks, vs)
}

// VersionedStore is a new versioned store and how to open it.
func VersionedStore[K, V any](c *Call, name string, history time.Duration, ks serde.Serde[K], vs serde.Serde[V]) *graph.Store {
	if history < 0 || history%time.Millisecond != 0 {
		c.Errorf("a history of %v: give whole milliseconds that are not negative, since event time has no finer ones", history)
	}
	if c.EmitOnCommit {
		c.Errorf("topology.EmitOnCommit is not for versioned tables, of which no version is to be left out: leave it out here, and give it to what comes after")
	}
	if c.Retention != 0 {
		c.Errorf("topology.Retention is for the stores of windows and sessions: give topology.Versioned a longer history")
	}
	s := c.NewStore(name, versionedKind, history.Milliseconds())
	s.Versioned = true
	s.Make = func(ctx *graph.Context, s *graph.Store, d db.DB, prefix []byte) (graph.TaskStore, error) {
		return store.NewVersioned(ctx, s, d, prefix, ks, vs), nil
	}
	return s
}

const versionedKind = "versioned"

// keeper is what keeps a table's rows and forwards their changes.
func keeper[K, V any](ctx *graph.Context, n *graph.Node, st *graph.Store, next func(*graph.Change[K, V]) error) (func(*graph.Record[K, V]) error, error) {
	if st.Versioned {
		vs, err := graph.OpenStore[*store.Versioned[K, V]](ctx, st)
		if err != nil {
			return nil, err
		}
		return versionedTable(ctx, n, vs, next), nil
	}
	kv, err := graph.OpenStore[*store.KeyValue[K, V]](ctx, st)
	if err != nil {
		return nil, err
	}
	return storedTable(ctx, n, kv, st, next), nil
}

func versionedTable[K, V any](ctx *graph.Context, n *graph.Node, vs *store.Versioned[K, V], next func(*graph.Change[K, V]) error) func(*graph.Record[K, V]) error {
	var ch graph.Change[K, V]
	return func(r *graph.Record[K, V]) error {
		if r.NullKey {
			ctx.Skip(n, "null key")
			return nil
		}
		ch = graph.Change[K, V]{Key: r.Key, New: r.Value, HasNew: !r.Null, Timestamp: r.Timestamp, Headers: r.Headers}
		if n.SendsOld() {
			var err error
			if ch.Old, _, ch.HasOld, err = vs.Get(r.Key); err != nil {
				return err
			}
		}
		validTo, err := vs.Put(r.Key, r.Value, r.Null, r.Timestamp)
		switch {
		case err != nil && ctx.Fault == nil:
			return &graph.UserError{Node: n, Err: err}
		case err != nil:
			return err
		case validTo == store.NotPut:
			ctx.Skip(n, "older than the table's history")
			return nil
		}
		ch.Late = validTo != store.OpenVersion
		return next(&ch)
	}
}

// TableView looks rows up in the store of a table.
func TableView[K, V any](s *graph.Store) graph.View[K, V] {
	if !s.Versioned {
		return KeyValueView[K, V](s)
	}
	return graph.View[K, V]{
		Stores: []*graph.Store{s},
		Open: func(c *graph.Context) (graph.Lookup[K, V], error) {
			vs, err := graph.OpenStore[*store.Versioned[K, V]](c, s)
			if err != nil {
				return nil, err
			}
			return vs.Get, nil
		},
		OpenAt: func(c *graph.Context) (graph.LookupAt[K, V], error) {
			vs, err := graph.OpenStore[*store.Versioned[K, V]](c, s)
			if err != nil {
				return nil, err
			}
			return vs.GetAt, nil
		},
	}
}

// Superseded reports whether a change of a versioned table is older than its key's latest version, and counts it then: what
// comes of the latest versions must not see it (KIP-914).
func Superseded[K, V any](ctx *graph.Context, n *graph.Node, ch *graph.Change[K, V]) bool {
	if ch.Late {
		ctx.Skip(n, "older than the latest version of its key")
	}
	return ch.Late
}
