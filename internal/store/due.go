package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/millrace-go/millrace/internal/db"
)

// due is an index of a store's windows or sessions by the time that decides when they are closed. An item is that time, 8
// bytes big-endian, and what identifies the row within it, so that the order of bytes is the order in which they are
// forwarded. Items of rows that are committed lie in the DB, those of new rows in a heap until then. An item may outlive its
// row, and be there twice.
//
// Nothing is deleted item by item: whoever takes items moves a bound, from, which is part of the checkpoint, and what is below
// it goes at a commit by one range deletion.
//
// A store that was kept without an index has one made of its rows. A mark, the index's bare prefix, says that there is one; who
// opens the store without using it takes both away.
type due struct {
	*core
	prefix []byte
	items  itemsOf
	fixed  bool // the items of a row never change
	fresh  itemHeap
	next   int64  // no item in the DB that is yet to be taken is earlier
	from   *int64 // what is earlier was taken
	swept  int64  // what is earlier is gone from the DB
	state  indexState
	end    []byte // of the rows
	kb     []byte
}

type indexState uint8

const (
	absent indexState = iota // the DB holds rows and no index
	inHeap                   // the heap holds what the index lacks
	whole                    // the index is in the DB
)

// itemsOf hands over the items of an entry that is put into the DB, encoded as it is.
type itemsOf func(s *core, e *entry, put func(item []byte) error) error

// newDue makes the store keep the index, or if it is not wanted no longer keep it, and is nil then.
func newDue(s *core, wanted bool, prefix []byte, items itemsOf) (*due, error) {
	x := &due{core: s, prefix: prefix, items: items, from: new(int64)}
	if !wanted {
		return nil, x.unmark()
	}
	if x.end = after(s.prefix); bytes.HasPrefix(prefix, s.prefix) {
		x.end = prefix
	}
	if err := x.look(); err != nil {
		return nil, err
	}
	put, expire, forget := s.onPut, s.expire, s.forget
	s.onPut = func(e *entry, b db.Batch) error {
		if put != nil {
			if err := put(e, b); err != nil {
				return err
			}
		}
		return x.mark(e, b)
	}
	s.expire = func(b db.Batch) error {
		if err := expire(b); err != nil {
			return err
		}
		return x.sweep(b)
	}
	s.forget = func() {
		if forget != nil {
			forget()
		}
		x.clear()
		if x.next = 0; x.state == inHeap {
			x.state = absent
		}
	}
	return x, nil
}

// parted is a part of a store's keys: its rows, or an index of them.
func parted(prefix []byte, part byte) []byte { return append(append([]byte(nil), prefix...), part) }

func timeOf[T string | []byte](item T) int64 { return int64(binary.BigEndian.Uint64([]byte(item[:8]))) }

// add takes the item of a row that is new since the last commit.
func (x *due) add(item string) {
	x.fresh.push(item)
	x.bytes += len(item) + 16
}

// mark puts the items of a row that goes into the DB there, too.
func (x *due) mark(e *entry, b db.Batch) error {
	if x.fixed && e.dbTS >= 0 {
		return nil
	}
	return x.items(x.core, e, func(item []byte) error { return x.keep(item, b) })
}

func (x *due) keep(item []byte, b db.Batch) error {
	x.next = min(x.next, timeOf(item))
	x.kb = append(append(x.kb[:0], x.prefix...), item...)
	return b.Set(x.kb, nil)
}

func (x *due) clear() {
	clear(x.fresh)
	x.fresh = x.fresh[:0]
}

// sweep ends a commit: the DB holds every item now.
func (x *due) sweep(b db.Batch) error {
	if x.state != whole {
		if err := x.build(b); err != nil {
			return err
		}
	}
	x.clear()
	const seldom = 60_000 // milliseconds of event time: a range deletion at each commit would be many
	if *x.from < x.swept+seldom {
		return nil
	}
	x.swept = *x.from
	return b.DeleteRange(x.bound(0), x.bound(x.swept))
}

func (x *due) bound(at int64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(nil), x.prefix...), uint64(at))
}

// take calls f for each item with a time in [*from, to], in order, and moves the bound.
func (x *due) take(to int64, f func(item []byte) error) error {
	if err := x.gather(); err != nil {
		return err
	}
	if x.next <= to {
		if err := x.merge(to, f); err != nil {
			return err
		}
	}
	last := ""
	for len(x.fresh) > 0 && timeOf(x.fresh[0]) <= to {
		item := x.fresh.pop()
		if item == last {
			continue
		}
		last = item
		if err := f([]byte(item)); err != nil {
			return err
		}
	}
	*x.from, x.ctx.Mutated = to+1, true
	return nil
}

// merge is take where the DB may hold items, too: up to the last of those, and it finds out which is next.
func (x *due) merge(to int64, f func(item []byte) error) error {
	it, err := x.d.Iter(x.bound(*x.from), after(x.prefix))
	if err != nil {
		return x.failed(err)
	}
	defer it.Close()
	x.next = math.MaxInt64
	var last []byte
	once := func(item []byte) error {
		if bytes.Equal(item, last) {
			return nil
		}
		last = append(last[:0], item...)
		return f(last)
	}
	for it.Next() {
		item := it.Key()[len(x.prefix):]
		if len(item) < 8 {
			return x.damaged(fmt.Errorf("item %x of its index is too short", item))
		}
		if at := timeOf(item); at > to {
			x.next = at
			break
		}
		for len(x.fresh) > 0 && x.fresh[0] <= string(item) {
			if err := once([]byte(x.fresh.pop())); err != nil {
				return err
			}
		}
		if err := once(item); err != nil {
			return err
		}
	}
	if err := it.Err(); err != nil {
		return x.failed(err)
	}
	return nil
}
