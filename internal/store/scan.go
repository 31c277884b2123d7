package store

import (
	"slices"
	"strings"

	"github.com/millrace-go/millrace/internal/invariants"
)

func byKey(a, b *entry) int { return strings.Compare(a.key, b.key) }

// order puts the dirty entries in the order of their keys, in two lists: those that came lately are few and are kept apart, so
// that a scan after each write does not go through all of them.
func (s *core) order() {
	fresh := s.dirty[s.nsorted:]
	s.nsorted = len(s.dirty)
	if few := 64 + len(s.sorted)/16; len(s.recent)+len(fresh) <= few {
		for _, e := range fresh {
			i, _ := slices.BinarySearchFunc(s.recent, e, byKey)
			s.recent = slices.Insert(s.recent, i, e)
		}
	} else {
		s.recent = append(s.recent, fresh...)
		slices.SortFunc(s.recent, byKey)
		s.sorted = merge(make([]*entry, 0, len(s.dirty)), s.sorted, s.recent)
		clear(s.recent)
		s.recent = s.recent[:0]
	}
	if invariants.Enabled && (!slices.IsSortedFunc(s.sorted, byKey) || !slices.IsSortedFunc(s.recent, byKey)) {
		panic("store: the dirty rows of " + s.name + " are out of order") //nolint:forbidigo // an invariant
	}
}

// merge appends two lists, each in order, to dst in order.
func merge(dst, a, b []*entry) []*entry {
	for len(a) > 0 && len(b) > 0 {
		if a[0].key < b[0].key {
			dst, a = append(dst, a[0]), a[1:]
		} else {
			dst, b = append(dst, b[0]), b[1:]
		}
	}
	return append(append(dst, a...), b...)
}

// part is the part of a list with lower <= key < upper; an empty upper is no bound.
func part(list []*entry, lower, upper string) []*entry {
	at := func(bound string) int {
		i, _ := slices.BinarySearchFunc(list, bound, func(e *entry, k string) int { return strings.Compare(e.key, k) })
		return i
	}
	lo, hi := at(lower), len(list)
	if upper != "" {
		hi = at(upper)
	}
	return list[lo:max(lo, hi)]
}

// scan calls f for the rows with lower <= key < upper (a nil upper: to the end of the store), in key order or backward,
// as they were when it was called: f may change the store. An entry is valid only during the call of f.
func (s *core) scan(lower, upper []byte, backward bool, f func(e *entry) (more bool, err error)) error {
	if upper == nil {
		upper = after(s.prefix)
	}
	lo, hi := string(lower), string(upper)
	if hi != "" && hi < lo {
		return nil
	}
	s.order()
	over := part(s.sorted, lo, hi)
	if recent := part(s.recent, lo, hi); len(recent) > 0 {
		over = merge(make([]*entry, 0, len(over)+len(recent)), over, recent)
	}
	over = s.values.copy(over)
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
			cmp = against(over[0].key, it.Key())
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

// against is strings.Compare without a copy of b.
func against(a string, b []byte) int {
	switch {
	case a < string(b):
		return -1
	case a == string(b):
		return 0
	default:
		return 1
	}
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
