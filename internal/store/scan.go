package store

import (
	"bytes"
	"slices"
	"strings"

	"github.com/millrace-go/millrace/internal/invariants"
)

// order returns the dirty entries by key. It sorts only what came since the last call.
func (s *core[V]) order() []*Entry[V] {
	if s.nsorted == len(s.dirty) {
		return s.sorted
	}
	tail := slices.Clone(s.dirty[s.nsorted:])
	byKey := func(a, b *Entry[V]) int { return strings.Compare(a.key, b.key) }
	slices.SortFunc(tail, byKey)
	merged := make([]*Entry[V], 0, len(s.dirty))
	i, j := 0, 0
	for i < len(s.sorted) && j < len(tail) {
		if s.sorted[i].key < tail[j].key {
			merged, i = append(merged, s.sorted[i]), i+1
		} else {
			merged, j = append(merged, tail[j]), j+1
		}
	}
	s.sorted = append(append(merged, s.sorted[i:]...), tail[j:]...)
	s.nsorted = len(s.dirty)
	if invariants.Enabled && !slices.IsSortedFunc(s.sorted, byKey) {
		panic("store: the dirty rows of " + s.name + " are out of order")
	}
	return s.sorted
}

// scan calls f for the rows with lower <= key < upper (a nil upper: to the end of the store), in key order or backward,
// as they were when it was called: f may change the store. A row is decoded as it is reached.
func (s *core[V]) scan(lower, upper []byte, backward bool, f func(key string, v V, ts int64) (more bool, err error)) error {
	if upper == nil {
		upper = after(s.prefix)
	}
	all := s.order()
	lo, _ := slices.BinarySearchFunc(all, string(lower), func(e *Entry[V], k string) int { return strings.Compare(e.key, k) })
	hi := len(all)
	if upper != nil {
		hi, _ = slices.BinarySearchFunc(all, string(upper), func(e *Entry[V], k string) int { return strings.Compare(e.key, k) })
	}
	if lo > hi {
		return nil
	}
	over := make([]Entry[V], 0, hi-lo)
	for _, e := range all[lo:hi] {
		over = append(over, *e)
	}
	if backward {
		slices.Reverse(over)
	}
	it, err := s.d.Iter(lower, upper)
	if err != nil {
		return s.failed(err)
	}
	defer it.Close()
	step := it.Next
	if backward {
		step = it.Prev
	}
	emit := func(e *Entry[V]) (bool, error) {
		if !e.has {
			return true, nil
		}
		v, err := s.read(e)
		if err != nil {
			return false, err
		}
		return f(e.key, v, e.ts)
	}
	ok := step()
	for len(over) > 0 || ok {
		cmp := -1
		switch {
		case len(over) == 0:
			cmp = 1
		case ok:
			cmp = bytes.Compare([]byte(over[0].key), it.Key())
			if backward {
				cmp = -cmp
			}
		}
		var more bool
		if cmp <= 0 { // the overlay hides the DB's row
			more, err = emit(&over[0])
			over = over[1:]
			if cmp == 0 {
				ok = step()
			}
		} else {
			e := Entry[V]{key: string(it.Key()), has: true}
			if err = e.load(it.Value()); err != nil {
				return s.damaged(err)
			}
			more, err = emit(&e)
			ok = step()
		}
		if err != nil {
			return err
		}
		if !more {
			return nil
		}
	}
	if err := it.Err(); err != nil {
		return s.failed(err)
	}
	return nil
}

// after is the first key that does not start with p; nil if there is none.
func after(p []byte) []byte {
	u := slices.Clone(p)
	for i := len(u) - 1; i >= 0; i-- {
		if u[i]++; u[i] != 0 {
			return u[:i+1]
		}
	}
	return nil
}
