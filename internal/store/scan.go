package store

import (
	"bytes"
	"slices"
	"strings"

	"github.com/millrace-go/millrace/internal/invariants"
)

// order returns the dirty entries by key. It sorts only what came since the last call.
func (s *core) order() []*entry {
	if s.nsorted == len(s.dirty) {
		return s.sorted
	}
	tail := slices.Clone(s.dirty[s.nsorted:])
	byKey := func(a, b *entry) int { return strings.Compare(a.key, b.key) }
	slices.SortFunc(tail, byKey)
	merged := make([]*entry, 0, len(s.dirty))
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
		panic("store: the dirty rows of " + s.name + " are out of order") //nolint:forbidigo // an invariant
	}
	return s.sorted
}

// scan calls f for the rows with lower <= key < upper (a nil upper: to the end of the store), in key order or backward,
// as they were when it was called: f may change the store. An entry is valid only during the call of f.
func (s *core) scan(lower, upper []byte, backward bool, f func(e *entry) (more bool, err error)) error {
	if upper == nil {
		upper = after(s.prefix)
	}
	all := s.order()
	lo, _ := slices.BinarySearchFunc(all, string(lower), func(e *entry, k string) int { return strings.Compare(e.key, k) })
	hi := len(all)
	if upper != nil {
		hi, _ = slices.BinarySearchFunc(all, string(upper), func(e *entry, k string) int { return strings.Compare(e.key, k) })
	}
	if lo > hi {
		return nil
	}
	over := s.values.copy(all[lo:hi])
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
	row := s.values.make() // of the DB
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
		e := row
		if cmp <= 0 { // the overlay hides the DB's row
			e, over = over[0], over[1:]
		} else {
			*row = entry{key: string(it.Key()), row: row.row, has: true}
			if err := load(row, it.Value()); err != nil {
				return s.damaged(err)
			}
		}
		if e.has {
			if more, err := f(e); err != nil || !more {
				return err
			}
		}
		if cmp >= 0 {
			ok = step()
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
