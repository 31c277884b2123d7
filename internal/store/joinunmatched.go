package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
)

// Unmatched holds the records of a left or an outer join that have found no partner while one may still come, and the join's
// time. A row is of one side, time and key, and lists their values. It knows bytes only, so that it is compiled once for all joins.
type Unmatched struct {
	rows
	// Time is the latest time of a record of either side, -1 at first.
	Time int64
	// Least is a time before which no row lies that Close has to look at, NoTime if there is no row; see Close.
	Least int64
	sides [2]waiting // right, left: in the order of rows of one time
	kb    []byte
}

// NoTime is what Least is while there are no rows.
const NoTime = math.MaxInt64

// waiting is one side's rows.
type waiting struct {
	prefix []byte
	young  []*entry // from head on: the rows that the DB has not, or not as they are, by key
	head   int
	floor  []byte // no row lies below; nil: there is none
}

// NewUnmatched makes a task's part of s.
func NewUnmatched(c *graph.Context, s *graph.Store, d db.DB, prefix []byte) *Unmatched {
	u := &Unmatched{rows: rows{bytesCore(c, s, d, prefix)}, Time: -1, Least: NoTime}
	for i := range u.sides {
		u.sides[i].prefix = append(slices.Clone(prefix), byte(i))
	}
	u.forget()
	u.core.forget = u.forget
	u.core.expire = func(db.Batch) error { // nothing expires, but all is in the DB now
		for i := range u.sides {
			u.sides[i].settle()
		}
		return nil
	}
	c.Var("store/"+s.Name+"/time", &u.Time)
	c.Var("store/"+s.Name+"/least", &u.Least)
	return u
}

// forget drops what is known of the rows.
func (u *Unmatched) forget() {
	for i := range u.sides {
		u.sides[i].settle()
		u.sides[i].floor = u.sides[i].prefix
	}
}

func (w *waiting) settle() {
	if len(w.young) > keep {
		w.young = nil
	}
	clear(w.young)
	w.young, w.head = w.young[:0], 0
}

func (u *Unmatched) side(left bool) *waiting {
	if left {
		return &u.sides[1]
	}
	return &u.sides[0]
}

// Advance moves the join's time to ts, if that is later.
func (u *Unmatched) Advance(ts int64) {
	if ts > u.Time {
		u.Time, u.core.ctx.Mutated = ts, true
	}
}

func (u *Unmatched) key(w *waiting, ts int64, key []byte) []byte {
	u.kb = append(binary.BigEndian.AppendUint64(append(u.kb[:0], w.prefix...), uint64(ts)), key...)
	return u.kb
}

// Add lists a record's value in its row.
func (u *Unmatched) Add(left bool, ts int64, key, value []byte) error {
	w := u.side(left)
	kb := u.key(w, ts, key)
	e, err := u.core.get(kb)
	if err != nil {
		return err
	}
	u.Least = min(u.Least, ts)
	row := binary.BigEndian.AppendUint64(make([]byte, 0, 8+binary.MaxVarintLen32+len(value)), uint64(ts))
	if e.has {
		row = slices.Clone(e.row)
	}
	row = append(binary.AppendUvarint(row, uint64(len(value))), value...)
	u.core.putRow(e, row, ts)
	w.insert(e)
	if w.floor == nil || e.key < string(w.floor) {
		w.floor = slices.Clone(kb)
	}
	return nil
}

func (w *waiting) insert(e *entry) {
	i := len(w.young)
	if i > w.head && w.young[i-1].key >= e.key {
		i = w.head + position(w.young[w.head:], e.key)
	}
	switch {
	case i < len(w.young) && w.young[i] == e:
	case i == w.head && i > 0:
		w.head--
		w.young[w.head] = e
	default:
		w.young = slices.Insert(w.young, i, e)
	}
}

// Remove drops the row of a time and key, if there is one: its records have found a partner.
func (u *Unmatched) Remove(left bool, ts int64, key []byte) error {
	w := u.side(left)
	kb := u.key(w, ts, key)
	if w.floor == nil || string(kb) < string(w.floor) {
		return nil
	}
	e, err := u.core.get(kb)
	if err == nil && e.has {
		u.remove(w, e)
	}
	return err
}

func (u *Unmatched) remove(w *waiting, e *entry) {
	u.core.del(e, e.ts)
	i := w.head + position(w.young[w.head:], e.key)
	switch {
	case i == len(w.young) || w.young[i] != e: // the DB has it, and its entry hides it
	case i == w.head:
		w.young[i] = nil
		w.head++
	default:
		w.young = slices.Delete(w.young, i, i+1)
	}
}

// position is where a key is, or would be, in a list ordered by keys.
func position(list []*entry, key string) int {
	i, _ := slices.BinarySearchFunc(list, key, func(e *entry, key string) int { return strings.Compare(e.key, key) })
	return i
}

var errUnmatched = errors.New("damaged list of values")

// values calls f for each value of a row.
func (u *Unmatched) values(e *entry, f func(value []byte) error) error {
	for list := e.row[8:]; len(list) > 0; {
		n, w := binary.Uvarint(list)
		if w <= 0 || n > uint64(len(list)-w) {
			return u.core.badRow(e, "row", errUnmatched)
		}
		if err := f(list[w : w+int(n)]); err != nil {
			return err
		}
		list = list[w+int(n):]
	}
	return nil
}

// Undecoded says that a key or a value of a row does not decode, for whoever knows its type.
func (u *Unmatched) Undecoded(key []byte, err error) error {
	return u.core.damaged(fmt.Errorf("a record of key %q does not decode: %w", key, err))
}
