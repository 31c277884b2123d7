package store

import (
	"iter"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
)

// Span is one session: the times of its first and its last record, both inclusive, and its aggregate.
type Span[A any] struct {
	Start, End int64
	Value      A
	fresh      bool // changed since ChangedSpans last told of it
	unseen     bool // never told of by ChangedSpans
}

// Session is a session store: one row per key that holds all its sessions, ordered by end, then start. So a look-up is
// one point get, and a merge is one changelog record that no crash can cut in half.
type Session[K, A any] struct {
	rows
	*lifetime
	lists cells[[]Span[A]]
	key   serde.Serde[K]
	gone  map[*entry][]Span[A] // removed since ChangedSpans told of them
	index []byte               // where the index of what is due lies
	due   *due                 // nil unless sessions are forwarded when they close
}

// NewSession makes a task's part of s.
func NewSession[K, A any](c *graph.Context, s *graph.Store, d db.DB, prefix []byte, k serde.Serde[K], v serde.Serde[A]) *Session[K, A] {
	l := newLifetime(c, s)
	vs := newCells[[]Span[A]](c, s, d, parted(prefix, 0), &spans[A]{v})
	newBuckets(vs.over, l, parted(prefix, 1))
	t := &Session[K, A]{rows: rows{vs.over}, lifetime: l, lists: vs, key: k, gone: map[*entry][]Span[A]{}}
	vs.over.forget = func() { clear(t.gone) }
	t.index = parted(prefix, 2)
	return t
}

// Sessions is the row of a key.
type Sessions[A any] = Entry[[]Span[A]]

// Entry returns the row of k with its sessions, those included that have expired; it may be empty.
func (s *Session[K, A]) Entry(k K) (*Sessions[A], []Span[A], error) {
	e, err := s.core.find(s.key.Append(s.core.start(), k))
	if err != nil {
		return nil, nil, err
	}
	row := typed[[]Span[A]](e)
	list, err := s.lists.Value(row)
	return row, list, err
}

// Look returns the sessions of k, those included that have expired. They must not be changed.
func (s *Session[K, A]) Look(k K) ([]Span[A], error) {
	_, list, err := s.Entry(k)
	return list, err
}

// LookTold is Look of the sessions as ChangedSpans last told of them: see Told.
func (s *Session[K, A]) LookTold(k K) ([]Span[A], error) {
	e, _, err := s.Entry(k)
	if err != nil {
		return nil, err
	}
	list, _, _, err := s.lists.Told(e)
	return list, err
}

// Touch must be called before the sessions that Entry returned are changed in place.
func (s *Session[K, A]) Touch(e *Sessions[A]) { s.core.touch(&e.entry) }

// keyOf decodes the key of an entry.
func (s *Session[K, A]) keyOf(e *entry) (K, error) {
	k, err := s.key.Decode(s.core.tail(e))
	return k, s.core.badTail(e, err)
}

// SessionRow is one session of a store.
type SessionRow[K, A any] struct {
	Key K
	Span[A]
}

// AllSessions yields every session that has not expired, by key, then end, then start.
func AllSessions[K, A any](s *Session[K, A]) iter.Seq2[SessionRow[K, A], error] {
	return func(yield func(SessionRow[K, A], error) bool) {
		err := s.core.scan(s.core.prefix, nil, false, func(e *entry) (bool, error) {
			list, err := s.lists.Value(typed[[]Span[A]](e))
			if err != nil {
				return false, err
			}
			k, err := s.keyOf(e)
			if err != nil {
				return false, err
			}
			for _, x := range list {
				if s.Seen(x.End) && !yield(SessionRow[K, A]{k, x}, nil) {
					return false, nil
				}
			}
			return true, nil
		})
		if err != nil {
			yield(SessionRow[K, A]{}, err)
		}
	}
}
