package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/millrace-go/millrace/internal/db"
)

// Close hands each value of the rows whose window has closed to f, and deletes the rows: by time, then right before left, then the
// key's bytes. A row's window is closed once its time plus reach (right, left) is before the join's time.
//
// Afterwards Least is what Kafka Streams remembers, which decides when it looks again: not the time of the oldest row that is
// left, but of the one at which its walk ended. It walks over the values of both sides until it has met an open one of each, and looks
// at one more; where one side has no open row, to the end. The rows between are not touched here.
func (u *Unmatched) Close(reach [2]int64, f func(left bool, ts int64, key, value []byte) error) error {
	u.Least = NoTime
	var fronts [2]front
	for i := range fronts {
		if err := fronts[i].start(u, &u.sides[i]); err != nil {
			return err
		}
		defer fronts[i].close()
	}
	var open [2]*entry // the first row of each side that is
	for {
		i := 0
		if fronts[0].none || !fronts[1].none && fronts[1].ts < fronts[0].ts {
			i = 1
		}
		x := &fronts[i]
		if x.none {
			break
		}
		e, err := x.take()
		if err != nil {
			return err
		}
		if later(e.ts, reach[i]) >= u.Time {
			open[i], x.none = e, true
			continue
		}
		u.Least = e.ts
		key := []byte(e.key[len(x.w.prefix)+8:])
		if err := u.values(e, func(v []byte) error { return f(i == 1, e.ts, key, v) }); err != nil {
			return err
		}
		u.remove(x.w, e)
		if err := x.next(); err != nil {
			return err
		}
	}
	return u.rest(open)
}

// later is ts + d, at most the latest time.
func later(ts, d int64) int64 {
	if d > 0 && ts > math.MaxInt64-d {
		return math.MaxInt64
	}
	return ts + d
}

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
	case left == nil || right == nil:
		for i, e := range open {
			if e == nil {
				continue
			}
			last, ok, err := u.edge(&u.sides[i], nil, true)
			if err != nil {
				return err
			}
			if ok && (u.Least == NoTime || last > u.Least) {
				u.Least = last
			}
		}
		return nil
	}
	// The walk ends at the value behind the first one of the later of the two.
	var bounds [2][]byte
	second := left
	if left.ts < right.ts {
		second = right
	}
	if u.several(second) {
		u.Least = second.ts
		return nil
	}
	if left.ts < right.ts {
		bounds[0], bounds[1] = append([]byte(right.key), 0), u.key(&u.sides[1], right.ts, nil)
	} else {
		bounds[0], bounds[1] = u.key(&u.sides[0], left.ts+1, nil), append([]byte(left.key), 0)
	}
	u.Least = NoTime
	for i := range bounds {
		ts, ok, err := u.edge(&u.sides[i], slices.Clone(bounds[i]), false)
		if err != nil {
			return err
		}
		if ok {
			u.Least = min(u.Least, ts)
		}
	}
	if u.Least == NoTime {
		u.Least = second.ts
	}
	return nil
}

// several reports whether a row has more than one value.
func (u *Unmatched) several(e *entry) bool {
	n, w := binary.Uvarint(e.row[8:])
	return w > 0 && n < uint64(len(e.row)-8-w)
}

// edge is the time of a side's first row from a key on, or of its last one.
func (u *Unmatched) edge(w *waiting, from []byte, last bool) (ts int64, ok bool, err error) {
	if from == nil {
		from = w.floor
	}
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

// front is a side's first row.
type front struct {
	u    *Unmatched
	w    *waiting
	it   db.Iterator
	key  []byte // of the DB's first row that is not hidden
	more bool   // there is one
	none bool   // the side has no more rows
	ts   int64  // of the first
}

func (x *front) start(u *Unmatched, w *waiting) (err error) {
	x.u, x.w = u, w
	if w.floor == nil {
		x.none = true
		return nil
	}
	if x.it, err = u.core.d.Iter(w.floor, after(w.prefix)); err != nil {
		return u.core.failed(err)
	}
	return errors.Join(x.step(), x.look())
}

func (x *front) close() {
	if x.it != nil {
		x.it.Close()
	}
}

// step goes to the DB's next row.
func (x *front) step() error {
	for x.more = x.it.Next(); x.more; x.more = x.it.Next() {
		if !x.u.hides(x.it.Key()) {
			x.key = append(x.key[:0], x.it.Key()...)
			return nil
		}
	}
	if err := x.it.Err(); err != nil {
		return x.u.core.failed(err)
	}
	return nil
}

// fresh is the first row that is in the overlay, if it is the side's first.
func (x *front) fresh() *entry {
	if x.w.head < len(x.w.young) {
		if e := x.w.young[x.w.head]; !x.more || e.key < string(x.key) {
			return e
		}
	}
	return nil
}

// look finds out what the first row is.
func (x *front) look() (err error) {
	switch e := x.fresh(); {
	case e != nil:
		x.ts = e.ts
	case x.more:
		x.ts, err = x.u.timeOf(x.w, x.key)
	default:
		x.none = true
	}
	return err
}

func (x *front) take() (*entry, error) {
	if e := x.fresh(); e != nil {
		return e, nil
	}
	return x.u.core.get(x.key)
}

// next goes on after the first row was removed.
func (x *front) next() error {
	if x.more && x.u.hides(x.key) {
		if err := x.step(); err != nil {
			return err
		}
	}
	return x.look()
}
