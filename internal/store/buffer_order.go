package store

import (
	"encoding/binary"
	"errors"

	"github.com/millrace-go/millrace/internal/db"
)

// timeline is the order of a buffer's rows. The DB has an entry for each, a place, without a value; what was added since the
// last commit is in a heap.
//
// INVARIANT: rows leave only from the front, so that the places that were taken from the DB since the last commit are all
// those up to one. A commit deletes them as one range, and nothing has to be noted of each.
type timeline struct {
	s      *core
	prefix []byte
	fresh  itemHeap
	ahead  []string // the next places of the DB
	read   string   // the last one that was read from it; "" at the start
	more   bool     // there may be some after that
	taken  string   // the last one that was taken from it; "" if none was since the last commit
}

// readAhead is how many places are read from the DB at a time.
const readAhead = 128

// placeHead is how many bytes of a place are its time.
const placeHead = 8

// place is a time and a key as they are ordered; times may be negative.
func place(at int64, key string) string {
	return string(append(binary.BigEndian.AppendUint64(make([]byte, 0, placeHead+len(key)), uint64(at)^1<<63), key...))
}

func placeTime(p string) int64 {
	return int64(binary.BigEndian.Uint64([]byte(p[:placeHead])) ^ 1<<63)
}

func (t *timeline) add(p string) { t.fresh.push(p) }

// first is the place at the front.
func (t *timeline) first() (p string, ok bool, err error) {
	if len(t.ahead) == 0 && t.more {
		if err := t.readOn(); err != nil {
			return "", false, err
		}
	}
	switch {
	case len(t.fresh) > 0 && (len(t.ahead) == 0 || t.fresh[0] < t.ahead[0]):
		return t.fresh[0], true, nil
	case len(t.ahead) > 0:
		return t.ahead[0], true, nil
	default:
		return "", false, nil
	}
}

// take takes away what first returned. A place may be both in the DB and fresh: of a row that left and came back.
func (t *timeline) take() {
	if len(t.fresh) > 0 && (len(t.ahead) == 0 || t.fresh[0] < t.ahead[0]) {
		t.fresh.pop()
		return
	}
	t.taken, t.ahead = t.ahead[0], t.ahead[1:]
}

// readOn reads the next places of the DB.
func (t *timeline) readOn() error {
	lower := t.key(nil, t.read)
	if t.read != "" {
		lower = append(lower, 0) // the first key after it
	}
	it, err := t.s.d.Iter(lower, after(t.prefix))
	if err != nil {
		return t.s.failed(err)
	}
	t.ahead = t.ahead[:0]
	for len(t.ahead) < readAhead && it.Next() {
		t.ahead = append(t.ahead, string(it.Key()[len(t.prefix):]))
	}
	if err := errors.Join(it.Err(), it.Close()); err != nil {
		return t.s.failed(err)
	}
	if t.more = len(t.ahead) == readAhead; len(t.ahead) > 0 {
		t.read = t.ahead[len(t.ahead)-1]
	}
	for _, p := range t.ahead {
		if len(p) < placeHead {
			return t.s.damaged(errShortPlace)
		}
	}
	return nil
}

var errShortPlace = errors.New("a row's place in time is cut short")

func (t *timeline) key(dst []byte, p string) []byte { return append(append(dst, t.prefix...), p...) }

// apply makes the DB's places those that there are.
func (t *timeline) apply(b db.Batch) error {
	if t.taken != "" {
		if err := b.DeleteRange(t.prefix, append(t.key(nil, t.taken), 0)); err != nil {
			return err
		}
	}
	var kb []byte
	for _, p := range t.fresh {
		kb = t.key(kb[:0], p)
		if err := b.Set(kb, nil); err != nil {
			return err
		}
	}
	if len(t.fresh) > 0 { // they lie anywhere in the DB now
		t.forget()
	}
	t.taken = ""
	return nil
}

// forget drops what is not in the DB, and what is known of that.
func (t *timeline) forget() {
	clear(t.fresh)
	t.fresh, t.ahead, t.read, t.more, t.taken = t.fresh[:0], nil, "", true, ""
}
