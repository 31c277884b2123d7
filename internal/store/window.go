package store

import (
	"encoding/binary"
	"fmt"
	"iter"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
)

// Window is a window store: a row per key and window start. Rows lie in segments of event time, so that what has
// expired goes by one range deletion; a row whose start is not after observed time minus retention is not seen any more
// even where its segment is still there (KIP-328).
type Window[K, V any] struct {
	rows
	cells[V]
	*lifetime
	key serde.Serde[K]
	due *due // nil unless windows are forwarded when they close
}

// NewWindow makes a task's part of s.
func NewWindow[K, V any](c *graph.Context, s *graph.Store, d db.DB, prefix []byte, k serde.Serde[K], v serde.Serde[V]) *Window[K, V] {
	vs, l := newCells(c, s, d, prefix, v), newLifetime(c, s)
	segment(vs.over, l)
	return &Window[K, V]{rows: rows{vs.over}, cells: vs, lifetime: l, key: k}
}

// Index makes the store know which windows are due, or no longer know it. It must be called before the store is used.
func (s *Window[K, V]) Index(wanted bool) (err error) {
	if s.due, err = newDue(s.core, wanted, windowIndex(s.core.prefix), windowItems); s.due != nil {
		s.due.fixed = true
		if !s.strict {
			s.sight++ // as Kafka Streams' time-ordered store, which keeps what closes just when it expires
		}
	}
	return err
}

// windowIndex is where the index of what is due lies: behind the rows, which begin with a segment's number.
func windowIndex(prefix []byte) []byte { return parted(prefix, 0xff) }

// Await tells the store where the bound of Closed is kept: the windows that start before it were told of.
func (s *Window[K, V]) Await(from *int64) { s.due.from = from }

// New notes that the window of e, which has no row yet, is to be told of by Closed.
func (s *Window[K, V]) New(e *Entry[V]) { s.due.add(windowItem(s.core, e.key)) }

// Closed calls f for each row whose start is from the bound (see Await) up to last, by start, then key, those included that
// are not seen any more; and moves the bound.
func (s *Window[K, V]) Closed(last int64, f func(e *Entry[V]) error) error {
	return s.due.take(last, func(item []byte) error {
		e, err := s.core.get(windowOf(s.core, s.interval, item))
		if err != nil || !e.has {
			return err
		}
		return f(typed[V](e))
	})
}

// Entry returns the row of k's window; one that has expired is as if it were not there, with live false.
func (s *Window[K, V]) Entry(k K, start int64) (*Entry[V], bool, error) {
	kb, err := s.key.Append(binary.BigEndian.AppendUint64(s.core.start(), uint64(start/s.interval)), k)
	e, err := s.core.find(binary.BigEndian.AppendUint64(kb, uint64(start)), err)
	return typed[V](e), err == nil && e.has && s.Seen(start), err
}

// Near is where a window of a key is: its start, and the timestamp of its row.
type Near struct{ Start, Latest int64 }

// Near appends the windows of k that start in [from, to] to dst, by start: those that are seen.
func (s *Window[K, V]) Near(dst []Near, k K, from, to int64) ([]Near, error) {
	kb, err := s.key.Append(s.core.start(), k)
	if err != nil {
		return dst, s.core.badKey(err)
	}
	s.core.kb = kb
	key := kb[len(s.core.prefix):]
	f := fetch{core: s.core, lifetime: s.lifetime, one: true, from: key, to: key, first: from, last: to}
	err = f.run(func(e *entry, _ []byte, start int64) (bool, error) {
		dst = append(dst, Near{start, e.ts})
		return true, nil
	})
	return dst, err
}

// StartOf is the window start of an entry.
func (e *entry) StartOf() int64 {
	return int64(binary.BigEndian.Uint64([]byte(e.key[len(e.key)-8:])))
}

// windowKey is the part of an entry's key that the key serde wrote.
func (s *core) windowKey(e *entry) ([]byte, error) {
	head := len(s.prefix) + 8
	if len(e.key) < head+8 {
		return nil, s.damaged(fmt.Errorf("key %q is too short for a window", e.key))
	}
	return []byte(e.key[head : len(e.key)-8]), nil
}

// KeyOf decodes the key of an entry.
func (s *Window[K, V]) KeyOf(e *Entry[V]) (k K, err error) {
	kb, err := s.core.windowKey(&e.entry)
	if err != nil {
		return k, err
	}
	k, err = s.key.Decode(kb)
	return k, s.core.badTail(&e.entry, err)
}

// WindowRow is a row of a window store.
type WindowRow[K, V any] struct {
	Key       K
	Start     int64
	Value     V
	Timestamp int64
}

// AllWindows yields every row that has not expired, by segment, then by the bytes of the key with the start behind them. An
// error ends it, as the last pair.
func AllWindows[K, V any](s *Window[K, V]) iter.Seq2[WindowRow[K, V], error] {
	return func(yield func(WindowRow[K, V], error) bool) {
		err := s.core.scan(s.core.prefix, windowIndex(s.core.prefix), false, func(e *entry) (bool, error) {
			v, err := s.Value(typed[V](e))
			if err != nil {
				return false, err
			}
			k, err := s.KeyOf(typed[V](e))
			if err != nil || !s.Seen(e.StartOf()) {
				return err == nil, err
			}
			return yield(WindowRow[K, V]{k, e.StartOf(), v, e.ts}, nil), nil
		})
		if err != nil {
			yield(WindowRow[K, V]{}, err)
		}
	}
}
