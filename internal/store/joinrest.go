package store

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// rest notes what Close has left, given the first row of each side whose window is open.
func (u *Unmatched) rest(open [2]*entry) (err error) {
	for i, e := range open {
		u.sides[i].floor = nil
		if e != nil {
			u.sides[i].floor = []byte(e.key)
		}
	}
	right, left := open[0], open[1]
	switch {
	case right == nil && left == nil:
		return nil
	case left == nil:
		return u.toEnd(&u.sides[0])
	case right == nil:
		return u.toEnd(&u.sides[1])
	case left.ts < right.ts:
		return u.behind(right, append([]byte(right.key), 0), slices.Clone(u.key(&u.sides[1], right.ts, nil)))
	default:
		return u.behind(left, slices.Clone(u.key(&u.sides[0], left.ts+1, nil)), append([]byte(left.key), 0))
	}
}

// toEnd ends the walk at the last row of the only side that has an open one.
func (u *Unmatched) toEnd(w *waiting) error {
	last, ok, err := u.edge(w, w.floor, true)
	if ok && (u.Least == NoTime || last > u.Least) {
		u.Least = last
	}
	return err
}

// behind ends the walk at the value behind the first one of e, the later of the two sides' first open rows; the rows behind e are
// from right and left on.
func (u *Unmatched) behind(e *entry, right, left []byte) error {
	u.Least = e.ts
	if n, w := binary.Uvarint(e.row[8:]); w > 0 && n < uint64(len(e.row)-8-w) {
		return nil // it has more values
	}
	least := int64(NoTime)
	for i, from := range [2][]byte{right, left} {
		ts, ok, err := u.edge(&u.sides[i], from, false)
		if err != nil {
			return err
		}
		if ok {
			least = min(least, ts)
		}
	}
	if least != NoTime {
		u.Least = least
	}
	return nil
}

// edge is the time of a side's first row from a key on, or of its last one.
func (u *Unmatched) edge(w *waiting, from []byte, last bool) (ts int64, ok bool, err error) {
	young := w.young[w.head+position(w.young[w.head:], string(from)):]
	it, err := u.core.d.Iter(from, after(w.prefix))
	if err != nil {
		return 0, false, u.core.failed(err)
	}
	defer it.Close()
	step, e := it.Next, (*entry)(nil)
	if len(young) > 0 {
		e = young[0]
	}
	if last {
		step = it.Prev
		if e != nil {
			e = young[len(young)-1]
		}
	}
	for step() {
		if u.hides(it.Key()) {
			continue
		}
		if ts, err = u.timeOf(w, it.Key()); err != nil {
			return 0, false, err
		}
		ok = true
		break
	}
	if err := it.Err(); err != nil {
		return 0, false, u.core.failed(err)
	}
	switch {
	case e == nil:
		return ts, ok, nil
	case !ok:
		return e.ts, true, nil
	case last:
		return max(ts, e.ts), true, nil
	default:
		return min(ts, e.ts), true, nil
	}
}

// hides reports whether the overlay has another row of the key than the DB, or none.
func (u *Unmatched) hides(key []byte) bool {
	e := u.core.cur[string(key)]
	return e != nil && e.dirty
}

func (u *Unmatched) timeOf(w *waiting, key []byte) (int64, error) {
	n := len(w.prefix)
	if len(key) < n+8 {
		return 0, u.core.damaged(fmt.Errorf("key %q is too short for a time", key))
	}
	return int64(binary.BigEndian.Uint64(key[n:])), nil
}
