package state

import (
	"iter"
	"time"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/topology"
)

// DuplicatesSpec describes a window store that keeps duplicates. It is the same in every task.
type DuplicatesSpec[K, V any] struct{ s *graph.Store }

// WindowDuplicates describes a [Window] store that keeps each row that is put, also several of one key and start. They go when
// they expire, and not before.
//
// Cost: see [Window]; every row that is put goes to the changelog. Kafka Streams: a window store that retains duplicates.
func WindowDuplicates[K, V any](name string, retention time.Duration, opts ...topology.Option) *DuplicatesSpec[K, V] {
	return &DuplicatesSpec[K, V]{described("state.WindowDuplicates", "window", name, retention.Milliseconds(), opts, func(c *operator.Call) build {
		lasting(c, "retention", retention, time.Millisecond)
		ks, vs := operator.Key[K](c, nil), operator.Value[V](c, nil)
		return func(ctx *graph.Context, s *graph.Store, d db.DB, prefix []byte) graph.TaskStore {
			return store.NewDuplicates(ctx, s, d, prefix, ks, vs)
		}
	})}
}

// Graph is the untyped description; it is for topology.WithStores.
func (s *DuplicatesSpec[K, V]) Graph() *graph.Store { return s.s }

// Open returns the task's part of the store: see [KeyValueSpec.Open].
func (s *DuplicatesSpec[K, V]) Open(task Task) (*DuplicatesStore[K, V], error) {
	w, err := open[*store.Duplicates[K, V]](task, s.s)
	if err != nil {
		return nil, err
	}
	return &DuplicatesStore[K, V]{task, w}, nil
}

// DuplicatesStore is one task's part of a window store that keeps duplicates. Its iterators are those of a [WindowStore]; rows of
// one key and start come in the order in which they were put.
type DuplicatesStore[K, V any] struct {
	task Task
	w    *store.Duplicates[K, V]
}

// Add puts one more row. A nil V, of a type that can be nil, is no row. A window that has expired is not put: see
// [WindowStore.Put].
func (s *DuplicatesStore[K, V]) Add(k K, start int64, v V) error {
	null := store.Nilable[V]() && store.IsNil(&v)
	if null && !s.w.InMemory() { // as in Kafka Streams, whose store on disk does not even look at the time
		return nil
	}
	if ok, err := admit(s.task, s.w.Admit, start); !ok || null {
		return err
	}
	return s.w.Add(k, start, v, max(0, s.task.Task().StreamTime))
}

// Fetch yields a key's rows whose windows start from first to last.
func (s *DuplicatesStore[K, V]) Fetch(k K, first, last int64) iter.Seq2[WindowRow[K, V], error] {
	return windowRows(store.FetchDuplicates(s.w, oneKey(k, first, last, false)))
}

// FetchBackward is [DuplicatesStore.Fetch] from the last row to the first.
func (s *DuplicatesStore[K, V]) FetchBackward(k K, first, last int64) iter.Seq2[WindowRow[K, V], error] {
	return windowRows(store.FetchDuplicates(s.w, oneKey(k, first, last, true)))
}

// FetchRange yields the rows of several keys whose windows start from first to last.
func (s *DuplicatesStore[K, V]) FetchRange(keys Keys[K], first, last int64) iter.Seq2[WindowRow[K, V], error] {
	return windowRows(store.FetchDuplicates(s.w, keys.query(first, last, false)))
}

// FetchRangeBackward is [DuplicatesStore.FetchRange] from the last row to the first.
func (s *DuplicatesStore[K, V]) FetchRangeBackward(keys Keys[K], first, last int64) iter.Seq2[WindowRow[K, V], error] {
	return windowRows(store.FetchDuplicates(s.w, keys.query(first, last, true)))
}
