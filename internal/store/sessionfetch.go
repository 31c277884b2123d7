package store

import (
	"bytes"
	"cmp"
	"iter"
	"slices"
)

// FindSessions yields the sessions that end at q.First or later and start at q.Last or earlier. A store on disk yields
// them by key, end and start, and one in memory by end, key and start, the latest start first, as Kafka Streams' do; Backward is
// exactly the other way round. An error ends it, as the last pair.
func FindSessions[K, A any](s *Session[K, A], q Query[K]) iter.Seq2[SessionRow[K, A], error] {
	return func(yield func(SessionRow[K, A], error) bool) {
		if err := findSessions(s, q, func(r SessionRow[K, A]) bool { return yield(r, nil) }); err != nil {
			yield(SessionRow[K, A]{}, err)
		}
	}
}

func findSessions[K, A any](s *Session[K, A], q Query[K], yield func(SessionRow[K, A]) bool) error {
	var from, to []byte
	if err := q.keys(s.key, &from, &to); err != nil {
		return s.core.badKey(err)
	}
	if to != nil && bytes.Compare(from, to) > 0 {
		return nil
	}
	byEnd := s.strict // all are collected first
	var all []SessionRow[K, A]
	lo, hi := append(slices.Clone(s.core.prefix), from...), []byte(nil)
	if to != nil {
		hi = append(append(slices.Clone(s.core.prefix), to...), 0)
	}
	err := s.core.scan(lo, hi, q.Backward && !byEnd, func(e *entry) (bool, error) {
		list, err := s.lists.Value(typed[[]Span[A]](e))
		if err != nil {
			return false, err
		}
		k, err := s.keyOf(e)
		if err != nil {
			return false, err
		}
		for i := range list {
			x := &list[i]
			if q.Backward || byEnd { // of equal ends, the latest start comes first in memory
				x = &list[len(list)-1-i]
			}
			if x.End < q.First || x.Start > q.Last || !s.Seen(x.End) {
				continue
			}
			if r := (SessionRow[K, A]{k, *x}); byEnd {
				all = append(all, r)
			} else if !yield(r) {
				return false, nil
			}
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b SessionRow[K, A]) int { return cmp.Compare(a.End, b.End) })
	if q.Backward {
		slices.Reverse(all)
	}
	for _, r := range all {
		if !yield(r) {
			return nil
		}
	}
	return nil
}

// PutSession puts a session, in the place of one with the same start and end; Admit must have run.
func PutSession[K, A any](s *Session[K, A], k K, x Span[A]) error {
	own, err := s.CopySpans([]Span[A]{x}) // the caller may hold the value
	if err != nil {
		return err
	}
	e, list, err := s.Entry(k)
	if err != nil {
		return err
	}
	s.Touch(e)
	s.Merge(e, slices.Clone(list), own, own[0], true) // a loop may be at the list
	return nil
}

// RemoveSession takes a session out; one that is not there is no error. It moves the observed time of a store on disk, as in
// Kafka Streams.
func RemoveSession[K, A any](s *Session[K, A], k K, start, end int64) error {
	if !s.strict && end > s.observed {
		s.observed, s.core.ctx.Mutated = end, true
	}
	e, list, err := s.Entry(k)
	if err != nil || !contains(list, start, end) {
		return err
	}
	x := Span[A]{Start: start, End: end}
	s.Touch(e)
	s.Merge(e, slices.Clone(list), []Span[A]{x}, x, false)
	return nil
}

// GetSession returns the value of a session.
func GetSession[K, A any](s *Session[K, A], k K, start, end int64) (v A, ok bool, err error) {
	_, list, err := s.Entry(k)
	if err != nil || !s.Seen(end) {
		return v, false, err
	}
	for i := range list {
		if list[i].Start == start && list[i].End == end {
			return list[i].Value, true, nil
		}
	}
	return v, false, nil
}
