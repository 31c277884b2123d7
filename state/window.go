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
)

// WindowSpec describes a window store. It is the same in every task.
type WindowSpec[K, V any] struct{ s *graph.Store }

// Window describes a store of a value for each key and start of a window, in milliseconds since the epoch. Rows whose start is not
// after the latest one put, less retention, have expired: they are not seen, and go by whole segments of time. Options: see
// [KeyValue].
//
// Cost: a changelog topic, of which old records are deleted a day after the rows have expired. Kafka Streams:
// Stores.timestampedWindowStoreBuilder.
func Window[K, V any](name string, retention time.Duration, opts ...topology.Option) *WindowSpec[K, V] {
	return &WindowSpec[K, V]{described("state.Window", "window", name, retention.Milliseconds(), opts, func(c *operator.Call) build {
		lasting(c, "retention", retention, time.Millisecond)
		ks, vs := operator.Key[K](c, nil), operator.Value[V](c, nil)
		return func(ctx *graph.Context, s *graph.Store, d db.DB, prefix []byte) graph.TaskStore {
			return store.NewWindow(ctx, s, d, prefix, ks, vs)
		}
	})}
}

// Graph is the untyped description; it is for topology.WithStores.
func (s *WindowSpec[K, V]) Graph() *graph.Store { return s.s }

// Open returns the task's part of the store: see [KeyValueSpec.Open].
func (s *WindowSpec[K, V]) Open(task Task) (*WindowStore[K, V], error) {
	w, err := open[*store.Window[K, V]](task, s.s)
	if err != nil {
		return nil, err
	}
	return &WindowStore[K, V]{WindowReader[K, V]{w}, task}, nil
}

// WindowStore is one task's part of a window store. It is used as a [KeyValueStore] is, and its values are shared as there.
//
// Iterators yield the rows as they are when they start, so the loop may put and delete; an error ends them, as the last pair.
// Times are in milliseconds, bounds inclusive. Rows of one key come by start. Of several keys, those of a store on disk come by
// segment (half the retention, a minute at least), then by key and start, and those of one in memory by start and key, as in
// Kafka Streams; in memory they are collected before the first. Backward is exactly the other way round.
type WindowStore[K, V any] struct {
	WindowReader[K, V]
	task Task
}

// WindowReader is what a [WindowStore] has for reading. The windows of a table are read with it too.
type WindowReader[K, V any] struct{ w *store.Window[K, V] }

// WindowReaderOf makes a reader; it is for package millrace.
func WindowReaderOf[K, V any](w *store.Window[K, V]) *WindowReader[K, V] {
	return &WindowReader[K, V]{w}
}

// WindowRow is a row of a window store. Its timestamp is the stream time at which it was put.
type WindowRow[K, V any] struct {
	Key       K
	Start     int64
	Value     V
	Timestamp int64
}

// Put sets the value of a key's window. A nil V, of a type that can be nil, deletes the row. A window that has expired is not put;
// that is counted as dropped, on disk only once its segment has expired.
func (s *WindowStore[K, V]) Put(k K, start int64, v V) error {
	return s.set(k, start, v, store.Nilable[V]() && store.IsNil(&v))
}

// Delete deletes the row of a key's window; one that is not there is no error.
func (s *WindowStore[K, V]) Delete(k K, start int64) error {
	var none V
	return s.set(k, start, none, true)
}

func (s *WindowStore[K, V]) set(k K, start int64, v V, null bool) error {
	ctx := s.task.Task()
	if ok, err := admit(s.task, s.w.Admit, start); !ok {
		return err
	}
	e, _, err := s.w.Entry(k, start)
	switch {
	case err != nil:
		return err
	case !null:
		return s.w.SetShared(e, v, max(0, ctx.StreamTime))
	case e.Has():
		s.w.Remove(e, max(0, ctx.StreamTime))
	}
	return nil
}

// admit moves a store's time to at and counts what is too old to be put.
func admit(task Task, admit func(int64) bool, at int64) (bool, error) {
	if at < 0 {
		return false, fmt.Errorf("state: a time of %d ms: times are not before 1970", at)
	}
	task.Task().Mutated = true
	ok := admit(at)
	if !ok {
		task.Skip("older than the store keeps rows")
	}
	return ok, nil
}

// Get returns the value of a key's window; ok is false if there is none or it has expired.
func (s *WindowReader[K, V]) Get(k K, start int64) (v V, ok bool, err error) {
	if start < 0 {
		return v, false, nil
	}
	e, live, err := s.w.Entry(k, start)
	if err != nil || !live {
		return v, false, err
	}
	v, err = s.w.Value(e)
	return v, true, err
}

// Fetch yields a key's windows that start from first to last.
func (s *WindowReader[K, V]) Fetch(k K, first, last int64) iter.Seq2[WindowRow[K, V], error] {
	return windowRows(store.FetchWindows(s.w, oneKey(k, first, last, false)))
}

// FetchBackward is [WindowReader.Fetch] from the last row to the first.
func (s *WindowReader[K, V]) FetchBackward(k K, first, last int64) iter.Seq2[WindowRow[K, V], error] {
	return windowRows(store.FetchWindows(s.w, oneKey(k, first, last, true)))
}

// FetchRange yields the windows of several keys that start from first to last.
func (s *WindowReader[K, V]) FetchRange(keys Keys[K], first, last int64) iter.Seq2[WindowRow[K, V], error] {
	return windowRows(store.FetchWindows(s.w, keys.query(first, last, false)))
}

// FetchRangeBackward is [WindowReader.FetchRange] from the last row to the first.
func (s *WindowReader[K, V]) FetchRangeBackward(keys Keys[K], first, last int64) iter.Seq2[WindowRow[K, V], error] {
	return windowRows(store.FetchWindows(s.w, keys.query(first, last, true)))
}

func windowRows[K, V any](from iter.Seq2[store.WindowRow[K, V], error]) iter.Seq2[WindowRow[K, V], error] {
	return func(yield func(WindowRow[K, V], error) bool) {
		for r, err := range from {
			if !yield(WindowRow[K, V](r), err) {
				return
			}
		}
	}
}
