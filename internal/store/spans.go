package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/millrace-go/millrace/serde"
)

// CopySpans copies sessions so that an aggregator may change the originals.
func (s *Session[K, A]) CopySpans(list []Span[A]) ([]Span[A], error) {
	if Immutable[A]() {
		return append([]Span[A](nil), list...), nil
	}
	b, err := s.lists.value.Append(nil, list)
	if err != nil {
		return nil, fmt.Errorf("store %s: encode: %w", s.core.name, err)
	}
	return s.lists.value.Decode(b)
}

// Merge takes the merged sessions out of a row's list, and what has expired, and puts the session made of them in, if put is
// true. list and merged are what Entry returned and a part of it, x is the new session; Touch must have run.
func (s *Session[K, A]) Merge(e *Sessions[A], list, merged []Span[A], x Span[A], put bool) {
	x.fresh, x.unseen = true, true
	rest := list[:0]
	for _, o := range list {
		switch {
		case !contains(merged, o.Start, o.End):
			if s.keeps(&o) && (s.due == nil || !put || o.Start != x.Start || o.End != x.End) { // one that is not seen any more is replaced
				rest = append(rest, o)
			}
		case o.Start == x.Start && o.End == x.End && put:
			x.unseen = o.unseen
		case s.core.track && !o.unseen:
			s.gone[&e.entry] = append(s.gone[&e.entry], o)
		}
	}
	if put {
		i := len(rest)
		for i > 0 && (rest[i-1].End > x.End || rest[i-1].End == x.End && rest[i-1].Start > x.Start) {
			i--
		}
		rest = append(rest, x)
		copy(rest[i+1:], rest[i:])
		rest[i] = x
	}
	if len(rest) == 0 {
		s.lists.Remove(e, x.End)
		return
	}
	s.lists.Set(e, rest, rest[len(rest)-1].End)
}

func contains[A any](list []Span[A], start, end int64) bool {
	for i := range list {
		if list[i].Start == start && list[i].End == end {
			return true
		}
	}
	return false
}

// ChangedSpans calls f for each session that changed since the last call, in the order in which their rows were last
// written: first those that are gone, then those that are new or have another aggregate. old is nil unless KeepOld was
// called and the session was there.
func (s *Session[K, A]) ChangedSpans(f func(k K, x Span[A], gone bool, old *A) error) error {
	err := s.lists.Changed(func(e *Sessions[A], before []Span[A], _ bool) error {
		k, err := s.keyOf(&e.entry)
		if err != nil {
			return err
		}
		was := func(x Span[A]) *A {
			for i := range before {
				if before[i].Start == x.Start && before[i].End == x.End {
					return &before[i].Value
				}
			}
			return nil
		}
		for _, x := range s.gone[&e.entry] {
			if !contains(e.val, x.Start, x.End) {
				if err := f(k, x, true, was(x)); err != nil {
					return err
				}
			}
		}
		for i := range e.val {
			if x := &e.val[i]; x.fresh {
				if err := f(k, *x, false, was(*x)); err != nil {
					return err
				}
				x.fresh, x.unseen = false, false
			}
		}
		return nil
	})
	clear(s.gone)
	return err
}

// spans encodes a row's sessions: how many, then start, length and aggregate of each.
type spans[A any] struct{ value serde.Serde[A] }

func (c *spans[A]) Append(dst []byte, list []Span[A]) ([]byte, error) {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for _, x := range list {
		dst = binary.AppendVarint(dst, x.Start)
		dst = binary.AppendUvarint(dst, uint64(x.End-x.Start))
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		var err error
		if dst, err = c.value.Append(dst, x.Value); err != nil {
			return nil, err
		}
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst, nil
}

var errSpans = errors.New("damaged list of sessions")

func (c *spans[A]) Decode(src []byte) ([]Span[A], error) {
	n, w := binary.Uvarint(src)
	if w <= 0 || n > uint64(len(src)) {
		return nil, errSpans
	}
	src = src[w:]
	list := make([]Span[A], 0, n)
	for range n {
		start, length, size, rest := spanHead(src)
		if rest == nil {
			return nil, errSpans
		}
		v, err := c.value.Decode(rest[:size])
		if err != nil {
			return nil, err
		}
		src = rest[size:]
		list = append(list, Span[A]{Start: start, End: start + length, Value: v})
	}
	if len(src) != 0 {
		return nil, errSpans
	}
	return list, nil
}
