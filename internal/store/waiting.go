package store

import (
	"encoding/binary"
	"errors"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
)

// Waiting holds records back, in the order of their times, then of their keys' bytes, then of arrival: those of a stream-table
// join with grace (KIP-923). A row lies where it stands in that order, so that its [timeline] is the rows themselves.
type Waiting struct {
	rows
	cells[Held]
	order timeline
	seq   int64
}

// NewWaiting makes a task's part of s.
func NewWaiting(c *graph.Context, s *graph.Store, d db.DB, prefix []byte) *Waiting {
	vs := newCells[Held](c, s, d, prefix, heldSerde{})
	w := &Waiting{rows: rows{vs.over}, cells: vs, order: timeline{s: vs.over, prefix: prefix, more: true}}
	c.Var("store/"+s.Name+"/seq", &w.seq)
	vs.over.expire = func(db.Batch) error {
		if w.order.taken = ""; len(w.order.fresh) > 0 { // they lie anywhere in the DB now
			w.order.forget()
		}
		return nil
	}
	vs.over.forget = w.order.forget
	return w
}

// Put holds back a record, whose value h has as New and whose timestamp as At. The bytes of h are the store's from now on.
func (w *Waiting) Put(key []byte, h Held) error {
	w.seq++
	p := place(h.At, string(binary.BigEndian.AppendUint64(appendEscaped(nil, key), uint64(w.seq))))
	e, err := w.core.get(append(w.core.start(), p...))
	if err != nil {
		return err
	}
	w.order.add(p)
	h.Headers = cloned(h.Headers)
	w.Set(typed[Held](e), h, h.At)
	w.core.bytes += int(h.size(p))
	return nil
}

// First is the timestamp of the record that comes first; ok is false where none waits.
func (w *Waiting) First() (at int64, ok bool, err error) {
	p, ok, err := w.order.first()
	if err != nil || !ok {
		return 0, false, err
	}
	return placeTime(p), true, nil
}

// Take takes the record out that comes first, with its key. Its bytes are the caller's.
func (w *Waiting) Take() (key []byte, h Held, err error) {
	p, _, err := w.order.first()
	if err != nil {
		return nil, h, err
	}
	e, err := w.core.get(append(w.core.start(), p...))
	if err != nil {
		return nil, h, err
	}
	if h, err = w.Value(typed[Held](e)); err != nil {
		return nil, h, err
	}
	key, ok := unescaped([]byte(p[placeHead:]))
	if !ok || !e.has || h.New == nil {
		return nil, h, w.core.damaged(errWaiting)
	}
	w.order.take()
	w.core.del(e, e.ts)
	return key, h, nil
}

var errWaiting = errors.New("damaged row of a record that waits")

// appendEscaped appends a key so that it sorts as its bytes do, whatever follows it: no key's end is part of another.
func appendEscaped(dst, key []byte) []byte {
	for _, c := range key {
		if dst = append(dst, c); c == 0 {
			dst = append(dst, 0xff)
		}
	}
	return append(dst, 0, 0)
}

// unescaped is the key that src begins with, if eight bytes follow it.
func unescaped(src []byte) (key []byte, ok bool) {
	key = make([]byte, 0, len(src))
	for i := 0; i+1 < len(src); i++ {
		if src[i] != 0 {
			key = append(key, src[i])
			continue
		}
		i++
		switch src[i] {
		case 0xff:
			key = append(key, 0)
		case 0:
			return key, len(src)-i-1 == 8
		default:
			return nil, false
		}
	}
	return nil, false
}

// Restore writes one changelog record.
func (w *Waiting) Restore(b db.Batch, key, value []byte, ts int64) error {
	w.order.forget()
	return w.rows.Restore(b, key, value, ts)
}
