package store

import (
	"errors"
	"math"

	"github.com/millrace-go/millrace/internal/db"
)

// Close hands each value of the rows whose window has closed to f, and deletes the rows: by time, then right before left, then the
// key's bytes. A row's window is closed once its time plus reach (right, left) is before the join's time.
//
// Afterwards Least is what Kafka Streams remembers, which decides when it looks again: not the time of the oldest row that is
// left, but of the one at which its walk ended. It walks over the values of both sides until it has met an open one of each, and looks
// at one more; where one side has no open row, to the end. The rows between are not touched here.
func (u *Unmatched) Close(reach [2]int64, f func(left bool, ts int64, key, value []byte) error) error {
	u.Least, u.core.ctx.Mutated = NoTime, true
	var fronts [2]front
	for i := range fronts {
		if err := fronts[i].start(u, &u.sides[i]); err != nil {
			return err
		}
		if fronts[i].it != nil {
			defer fronts[i].it.Close()
		}
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
