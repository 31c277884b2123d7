package store

import (
	"encoding/binary"
	"errors"
	"fmt"
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
	core[[]Span[A]]
	key       serde.Serde[K]
	kb        []byte
	index     []byte // prefix of the expiry index: bucket of the latest end, then the row's key
	retention int64
	interval  int64
	strict    bool
	observed  int64                      // the latest end put, -1 at first
	floor     int64                      // buckets below are swept
	gone      map[*Sessions[A]][]Span[A] // removed since ChangedSpans told of them
}

// NewSession makes a task's part of s.
func NewSession[K, A any](c *graph.Context, s *graph.Store, d db.DB, prefix []byte, k serde.Serde[K], v serde.Serde[A]) *Session[K, A] {
	rows := append(append([]byte(nil), prefix...), 0)
	t := &Session[K, A]{
		core: newCore[[]Span[A]](c, s, d, rows, spans[A]{v}), key: k, index: append(append([]byte(nil), prefix...), 1),
		retention: s.Retention, interval: SegmentInterval(s.Retention), strict: s.Memory, observed: -1,
	}
	t.onPut = t.mark
	c.Var("store/"+s.Name, &t.observed)
	return t
}

// Sessions is the row of a key.
type Sessions[A any] = Entry[[]Span[A]]

// Entry returns the row of k with its sessions, those included that have expired; it may be empty.
func (s *Session[K, A]) Entry(k K) (*Sessions[A], []Span[A], error) {
	kb, err := s.key.Append(append(s.kb[:0], s.prefix...), k)
	if err != nil {
		return nil, nil, fmt.Errorf("store %s: encode key: %w", s.name, err)
	}
	s.kb = kb
	e, err := s.get(kb)
	if err != nil {
		return nil, nil, err
	}
	list, err := s.read(e)
	return e, list, err
}

// Seen reports whether a session of that end is still to be seen.
func (s *Session[K, A]) Seen(end int64) bool { return end > s.observed-s.retention }

// Admit moves observed time to end and reports whether a session of that end may still be put: see Window.Admit.
func (s *Session[K, A]) Admit(end int64) bool {
	if end > s.observed {
		s.observed = end
	}
	return admit(end, s.observed-s.retention, s.interval, s.strict)
}

// mark keeps the expiry index: a row is found under the bucket of its latest end, and where it moved on, the old place
// is only swept later. A row that expired before it was committed does not get into the DB: no sweep would find it.
func (s *Session[K, A]) mark(e *Entry[[]Span[A]], b db.Batch) error {
	if e.ts >= 0 && e.ts/s.interval < s.swept() {
		return b.Delete([]byte(e.key))
	}
	if e.dbTS >= 0 && e.dbTS/s.interval == e.ts/s.interval {
		return nil
	}
	s.kb = append(s.bucket(s.kb[:0], e.ts/s.interval), e.key[len(s.prefix):]...)
	return b.Set(s.kb, nil)
}

func (s *Session[K, A]) bucket(dst []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, s.index...), uint64(n))
}

// Apply writes the rows, and deletes those of buckets that have expired.
func (s *Session[K, A]) Apply(b db.Batch) error {
	if err := s.core.Apply(b); err != nil {
		return err
	}
	expired, floor := s.observed-s.retention, s.swept()
	if floor <= s.floor {
		return nil
	}
	lo, hi := s.bucket(nil, 0), s.bucket(nil, floor)
	it, err := s.d.Iter(lo, hi)
	if err != nil {
		return fmt.Errorf("store %s: %w", s.name, err)
	}
	defer it.Close()
	var kb []byte
	for it.Next() {
		kb = append(append(kb[:0], s.prefix...), it.Key()[len(lo):]...)
		ts, err := s.latest(kb)
		if err != nil {
			return err
		}
		if ts <= expired {
			if err := b.Delete(kb); err != nil {
				return err
			}
		}
	}
	s.floor = floor
	return errors.Join(it.Err(), b.DeleteRange(lo, hi))
}

// swept is the first bucket that has not expired whole.
func (s *Session[K, A]) swept() int64 { return max(0, s.observed-s.retention) / s.interval }

// latest is the end of a row's last session, in the overlay or the DB.
func (s *Session[K, A]) latest(key []byte) (int64, error) {
	for _, m := range [...]map[string]*Entry[[]Span[A]]{s.cur, s.prev} {
		if e := m[string(key)]; e != nil {
			return e.ts, nil
		}
	}
	row, ok, err := s.d.Get(key)
	if err != nil || !ok || len(row) < 8 {
		return -1, err
	}
	return int64(binary.BigEndian.Uint64(row)), nil
}

// SessionRow is one session of a store.
type SessionRow[K, A any] struct {
	Key K
	Span[A]
}

// All yields every session that has not expired, by key, then end, then start.
func (s *Session[K, A]) All() iter.Seq2[SessionRow[K, A], error] {
	return func(yield func(SessionRow[K, A], error) bool) {
		err := s.scan(s.prefix, nil, false, func(key string, list []Span[A], _ int64) (bool, error) {
			k, err := s.key.Decode([]byte(key[len(s.prefix):]))
			if err != nil {
				return false, s.damaged(fmt.Errorf("key %q does not decode: %w", key[len(s.prefix):], err))
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

// KeyOf decodes the key of an entry.
func (s *Session[K, A]) KeyOf(e *Sessions[A]) (K, error) {
	k, err := s.key.Decode([]byte(e.key[len(s.prefix):]))
	if err != nil {
		return k, s.damaged(fmt.Errorf("key %q does not decode: %w", e.key[len(s.prefix):], err))
	}
	return k, nil
}
