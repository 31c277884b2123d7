package state

import (
	"fmt"
	"iter"
	"time"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// SessionSpec describes a session store. It is the same in every task.
type SessionSpec[K, V any] struct{ s *graph.Store }

// Session describes a store of a value for each session of a key, from its first record to its last. Sessions whose end is not
// after the latest one put, less retention, have expired: they are not seen, and go with all others of their key that have.
// Options: see [KeyValue].
//
// Cost: one row per key, which holds all its sessions and goes to the changelog whole. Kafka Streams:
// Stores.sessionStoreBuilder.
func Session[K, V any](name string, retention time.Duration, opts ...topology.Option) *SessionSpec[K, V] {
	return &SessionSpec[K, V]{described("state.Session", "session", name, retention.Milliseconds(), opts, func(c *operator.Call) build {
		lasting(c, "retention", retention, time.Millisecond)
		ks, vs := operator.Key[K](c, nil), operator.Value[V](c, nil)
		return func(ctx *graph.Context, s *graph.Store, d db.DB, prefix []byte) graph.TaskStore {
			return store.NewSession(ctx, s, d, prefix, ks, vs)
		}
	})}
}

// Graph is the untyped description; it is for topology.WithStores.
func (s *SessionSpec[K, V]) Graph() *graph.Store { return s.s }

// Open returns the task's part of the store: see [KeyValueSpec.Open].
func (s *SessionSpec[K, V]) Open(task Task) (*SessionStore[K, V], error) {
	x, err := open[*store.Session[K, V]](task, s.s)
	if err != nil {
		return nil, err
	}
	return &SessionStore[K, V]{SessionReader[K, V]{x}, task}, nil
}

// SessionStore is one task's part of a session store. It is used as a [KeyValueStore] is, and its values are shared as there.
//
// Iterators yield the sessions as they are when they start, so the loop may put and remove; an error ends them, as the last
// pair. Times are in milliseconds, start and end of a session inclusive. Those of a store on
// disk come by key, end and start, and those of one in memory by end, key and start, the latest start first, as in Kafka Streams;
// in memory they are collected before the first. Backward is exactly the other way round.
type SessionStore[K, V any] struct {
	SessionReader[K, V]
	task Task
}

// SessionReader is what a [SessionStore] has for reading. The sessions of a table are read with it too.
type SessionReader[K, V any] struct{ s *store.Session[K, V] }

// SessionReaderOf makes a reader; it is for package millrace.
func SessionReaderOf[K, V any](s *store.Session[K, V]) *SessionReader[K, V] {
	return &SessionReader[K, V]{s}
}

// SessionRow is a session: its key with the times of its first and last record, and its value.
type SessionRow[K, V any] struct {
	Key   window.Key[K]
	Value V
}

// Put sets the value of a session. A nil V, of a type that can be nil, removes it. A session that has expired is not put; that is
// counted as dropped, on disk only once its segment of time (half the retention, a minute at least) has expired.
func (s *SessionStore[K, V]) Put(k K, start, end int64, v V) error {
	if start > end || start < 0 {
		return fmt.Errorf("state: a session from %d to %d ms: it starts in 1970 or later, and does not end before it starts", start, end)
	}
	if ok, err := admit(s.task, s.s.Admit, end); !ok {
		return err
	}
	if store.Nilable[V]() && store.IsNil(&v) {
		return store.RemoveSession(s.s, k, start, end)
	}
	return store.PutSession(s.s, k, store.Span[V]{Start: start, End: end, Value: v})
}

// Remove takes a session out; one that is not there is no error. On disk its end counts as a time put, as in Kafka Streams.
func (s *SessionStore[K, V]) Remove(k K, start, end int64) error {
	return store.RemoveSession(s.s, k, start, end)
}

// Get returns the value of a session; ok is false if there is none or it has expired.
func (s *SessionReader[K, V]) Get(k K, start, end int64) (v V, ok bool, err error) {
	return store.GetSession(s.s, k, start, end)
}

// Find yields a key's sessions that end at earliestEnd or later and start at latestStart or earlier: with times of a record less
// and plus a gap, those that it falls into or joins.
func (s *SessionReader[K, V]) Find(k K, earliestEnd, latestStart int64) iter.Seq2[SessionRow[K, V], error] {
	return sessionRows(store.FindSessions(s.s, oneKey(k, earliestEnd, latestStart, false)))
}

// FindBackward is [SessionReader.Find] from the last session to the first.
func (s *SessionReader[K, V]) FindBackward(k K, earliestEnd, latestStart int64) iter.Seq2[SessionRow[K, V], error] {
	return sessionRows(store.FindSessions(s.s, oneKey(k, earliestEnd, latestStart, true)))
}

// FindRange is [SessionReader.Find] for several keys.
func (s *SessionReader[K, V]) FindRange(keys Keys[K], earliestEnd, latestStart int64) iter.Seq2[SessionRow[K, V], error] {
	return sessionRows(store.FindSessions(s.s, keys.query(earliestEnd, latestStart, false)))
}

// FindRangeBackward is [SessionReader.FindRange] from the last session to the first.
func (s *SessionReader[K, V]) FindRangeBackward(keys Keys[K], earliestEnd, latestStart int64) iter.Seq2[SessionRow[K, V], error] {
	return sessionRows(store.FindSessions(s.s, keys.query(earliestEnd, latestStart, true)))
}

func sessionRows[K, V any](from iter.Seq2[store.SessionRow[K, V], error]) iter.Seq2[SessionRow[K, V], error] {
	return func(yield func(SessionRow[K, V], error) bool) {
		for r, err := range from {
			if !yield(SessionRow[K, V]{window.Key[K]{Key: r.Key, Start: r.Start, End: r.End}, r.Value}, err) {
				return
			}
		}
	}
}
