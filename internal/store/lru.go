package store

import (
	"cmp"
	"container/list"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
)

// LRU is a key-value store of a bounded number of rows: the one that was used least recently goes when there are too many. When
// a row was used is part of it, so that neither an abort nor a restart changes which one goes.
type LRU[K, V any] struct {
	rows
	cells[used[V]]
	key serde.Serde[K]
	use recency
}

// used is a value with the number of its last use, which only grows.
type used[V any] struct {
	at    int64
	Value V
}

// NewLRU makes a task's part of s, of up to limit rows.
func NewLRU[K, V any](c *graph.Context, s *graph.Store, d db.DB, prefix []byte, k serde.Serde[K], v serde.Serde[V], limit int) *LRU[K, V] {
	vs := newCells[used[V]](c, s, d, prefix, usedSerde[V]{v})
	t := &LRU[K, V]{rows: rows{vs.over}, cells: vs, key: k, use: recency{core: vs.over, limit: limit}}
	t.use.number = func(e *entry) int64 { return typed[used[V]](e).val.at }
	vs.over.forget = t.use.forget
	c.Var("store/"+s.Name+"/uses", &t.use.last)
	return t
}

func (s *LRU[K, V]) entry(k K) (*Entry[used[V]], error) {
	if err := s.use.load(); err != nil {
		return nil, err
	}
	e, err := s.core.find(s.key.Append(s.core.start(), k))
	return typed[used[V]](e), err
}

// Get returns the value of a key and makes it the one used last.
func (s *LRU[K, V]) Get(k K) (v V, ok bool, err error) {
	e, err := s.entry(k)
	if err != nil || !e.has {
		return v, false, err
	}
	x, err := s.Value(e)
	if err != nil {
		return v, false, err
	}
	x.at = s.use.touch(&e.entry)
	if e.enc {
		row := slices.Clone(e.row)
		binary.BigEndian.PutUint64(row[8:], uint64(x.at))
		s.core.putRow(&e.entry, row, e.ts)
		e.val, e.typed = x, true
	} else {
		s.Set(e, x, e.ts)
	}
	return x.Value, true, nil
}

// Put sets the value of a key, makes it the one used last, and removes what is too many.
func (s *LRU[K, V]) Put(k K, v V, ts int64) error {
	e, err := s.entry(k)
	if err != nil {
		return err
	}
	if err := s.SetShared(e, used[V]{s.use.last + 1, v}, ts); err != nil {
		return err
	}
	s.use.touch(&e.entry)
	return s.use.evict(ts)
}

// Delete removes the row of a key and returns its value.
func (s *LRU[K, V]) Delete(k K, ts int64) (v V, ok bool, err error) {
	e, err := s.entry(k)
	if err != nil || !e.has {
		return v, false, err
	}
	x, err := s.Value(e)
	if err != nil {
		return v, false, err
	}
	s.use.drop(&e.entry)
	s.Remove(e, ts)
	return x.Value, true, nil
}

// Len is how many rows there are.
func (s *LRU[K, V]) Len() (int, error) {
	err := s.use.load()
	return s.use.order.Len(), err
}

// recency is the order in which the rows of a store were used. It is read from the rows when it is needed.
type recency struct {
	*core
	limit  int
	last   int64 // the number of the last use
	order  list.List
	places map[string]*list.Element // by entry key, which is the element's value; nil: not read
	number func(e *entry) int64     // of a row that is decoded
}

func (u *recency) forget() {
	u.order.Init()
	u.places = nil
}

// load reads the order: after the store was opened, or an abort.
func (u *recency) load() error {
	if u.places != nil {
		return nil
	}
	type use struct {
		key string
		at  int64
	}
	var all []use
	err := u.scan(u.prefix, nil, false, func(e *entry) (bool, error) {
		var at int64
		switch {
		case !e.enc:
			at = u.number(e)
		case len(e.row) < 16:
			return false, u.badRow(e, "row", errUsed)
		default:
			at = int64(binary.BigEndian.Uint64(e.row[8:]))
		}
		all = append(all, use{e.key, at})
		return true, nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b use) int { return cmp.Compare(b.at, a.at) })
	u.places = make(map[string]*list.Element, len(all))
	for _, x := range all {
		u.places[x.key] = u.order.PushBack(x.key)
		u.last = max(u.last, x.at)
	}
	return nil
}

// touch makes a row the one used last.
func (u *recency) touch(e *entry) int64 {
	u.last++
	if p := u.places[e.key]; p != nil {
		u.order.MoveToFront(p)
	} else {
		u.places[e.key] = u.order.PushFront(e.key)
	}
	return u.last
}

func (u *recency) drop(e *entry) {
	if p := u.places[e.key]; p != nil {
		u.order.Remove(p)
		delete(u.places, e.key)
	}
}

// evict removes the rows that were used least recently while there are too many.
func (u *recency) evict(ts int64) error {
	for u.order.Len() > u.limit {
		e, err := u.get([]byte(u.order.Back().Value.(string)))
		if err != nil {
			return err
		}
		u.drop(e)
		u.del(e, ts)
	}
	return nil
}

var errUsed = errors.New("no number of its last use")

// usedSerde encodes a value with the number of its last use.
type usedSerde[V any] struct{ value serde.Serde[V] }

func (c usedSerde[V]) Append(dst []byte, v used[V]) ([]byte, error) {
	return c.value.Append(binary.BigEndian.AppendUint64(dst, uint64(v.at)), v.Value)
}

func (c usedSerde[V]) Decode(src []byte) (v used[V], err error) {
	if len(src) < 8 {
		return v, errUsed
	}
	v.at = int64(binary.BigEndian.Uint64(src))
	v.Value, err = c.value.Decode(src[8:])
	return v, err
}
