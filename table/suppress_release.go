package table

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
)

// release decodes changes that were held back, and forwards them.
type release[K, V any] struct {
	buf  *store.Buffer
	ks   serde.Serde[K]
	vs   serde.Serde[V]
	old  bool
	next func(*graph.Change[K, V]) error
	ch   graph.Change[K, V]
}

func (r *release[K, V]) forward(key []byte, h *store.Held, ts int64) (err error) {
	r.ch = graph.Change[K, V]{Timestamp: ts, Headers: h.Headers}
	if r.ch.Key, err = r.ks.Decode(key); err != nil {
		return r.buf.Undecoded(key, err)
	}
	if r.ch.New, r.ch.HasNew, err = decodeHeld(r.buf, r.vs, key, h.New); err != nil {
		return err
	}
	if r.old {
		if r.ch.Old, r.ch.HasOld, err = decodeHeld(r.buf, r.vs, key, h.Prior); err != nil {
			return err
		}
	}
	return r.next(&r.ch)
}

func decodeHeld[V any](buf *store.Buffer, vs serde.Serde[V], key, b []byte) (v V, ok bool, err error) {
	if b == nil {
		return v, false, nil
	}
	if v, err = vs.Decode(b); err != nil {
		return v, false, buf.Undecoded(key, err)
	}
	return v, true, nil
}

// suppressedView shows what was forwarded of a row: what it was before the change that is held back, or what it is in the
// parent. As to when it became that, nothing is known of the former: its timestamp is -1, as in Kafka Streams.
func suppressedView[K, V any](st *graph.Store, ks serde.Serde[K], vs serde.Serde[V], parent graph.View[K, V]) graph.View[K, V] {
	return graph.View[K, V]{
		Stores: append([]*graph.Store{st}, parent.Stores...),
		Open: func(ctx *graph.Context) (graph.Lookup[K, V], error) {
			get, err := parent.Open(ctx)
			if err != nil {
				return nil, err
			}
			buf, err := graph.OpenStore[*store.Buffer](ctx, st)
			if err != nil {
				return nil, err
			}
			return func(k K) (v V, ts int64, ok bool, err error) {
				e, err := store.HeldEntry(buf, ks, k)
				if err != nil {
					return v, 0, false, err
				}
				if !e.Has() {
					return get(k)
				}
				h, err := buf.Value(e)
				if err != nil {
					return v, 0, false, err
				}
				v, ok, err = decodeHeld(buf, vs, []byte(nil), h.Prior)
				return v, -1, ok, err
			}, nil
		},
	}
}
