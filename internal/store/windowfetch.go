package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"

	"github.com/millrace-go/millrace/serde"
)

// Query says which rows of a window or session store are wanted: of one key, or of the keys in a range, both inclusive and nil
// where it is open; with First and Last as bounds of their times.
type Query[K any] struct {
	Key, From, To *K
	First, Last   int64
	Backward      bool
}

// FetchWindows yields rows of a window store, First and Last being the bounds of their starts, inclusive. Of one key they come by
// start. Of several, a store on disk yields them by segment, key and start, and one in memory by start and key, as in Kafka
// Streams; Backward is exactly the other way round. An error ends it, as the last pair.
func FetchWindows[K, V any](s *Window[K, V], q Query[K]) iter.Seq2[WindowRow[K, V], error] {
	return fetched(&s.cells, s.lifetime, s.key, 0, q)
}

// fetched yields rows whose keys end with tail bytes behind the start. (Inlined, its closures would be compiled at each call.)
//
//go:noinline
func fetched[K, V any](vs *cells[V], l *lifetime, ks serde.Serde[K], tail int, q Query[K]) iter.Seq2[WindowRow[K, V], error] {
	return func(yield func(WindowRow[K, V], error) bool) {
		f := fetch{core: vs.over, lifetime: l, tail: tail, one: q.Key != nil, first: q.First, last: q.Last, backward: q.Backward}
		err := q.keys(ks, &f.from, &f.to)
		if err != nil {
			yield(WindowRow[K, V]{}, vs.over.badKey(err))
			return
		}
		err = f.run(func(e *entry, key []byte, start int64) (bool, error) {
			v, err := vs.Value(typed[V](e))
			if err != nil {
				return false, err
			}
			k, err := ks.Decode(key)
			if err != nil {
				return false, vs.over.badTail(e, err)
			}
			return yield(WindowRow[K, V]{k, start, v, e.ts}, nil), nil
		})
		if err != nil {
			yield(WindowRow[K, V]{}, err)
		}
	}
}

// keys encodes the bounds; nil is open.
func (q *Query[K]) keys(ks serde.Serde[K], from, to *[]byte) (err error) {
	bound := func(k *K) []byte {
		if k == nil || err != nil {
			return nil
		}
		var b []byte
		b, err = ks.Append([]byte{}, *k)
		return b
	}
	if q.Key != nil {
		*from = bound(q.Key)
		*to = *from
		return err
	}
	*from, *to = bound(q.From), bound(q.To)
	return err
}

// fetch is a query on rows whose keys are segment, key, start and a tail.
type fetch struct {
	*core
	*lifetime
	tail        int
	one         bool
	from, to    []byte
	first, last int64
	backward    bool
}

// run calls f for the rows that are seen.
func (q *fetch) run(f func(e *entry, key []byte, start int64) (more bool, err error)) error {
	q.first, q.last = max(0, q.first, q.observed-q.sight+1), min(q.last, q.observed)
	if q.first > q.last || q.to != nil && bytes.Compare(q.from, q.to) > 0 {
		return nil
	}
	if q.strict && !q.one {
		return q.byTime(f)
	}
	more := true
	for n := range q.last/q.interval - q.first/q.interval + 1 {
		segment := q.first/q.interval + n
		if q.backward {
			segment = q.last/q.interval - n
		}
		err := q.segment(segment, q.backward, func(e *entry, key []byte, start int64) (bool, error) {
			var err error
			more, err = f(e, key, start)
			return more, err
		})
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// byTime is run by start, then key: it collects the rows first.
func (q *fetch) byTime(f func(e *entry, key []byte, start int64) (more bool, err error)) error {
	type row struct {
		e     *entry
		key   []byte
		start int64
	}
	var all []row
	for segment := q.first / q.interval; segment <= q.last/q.interval; segment++ {
		err := q.segment(segment, false, func(e *entry, key []byte, start int64) (bool, error) {
			c := q.values.copy([]*entry{e})[0]
			c.row = slices.Clone(c.row)
			all = append(all, row{c, key, start})
			return true, nil
		})
		if err != nil {
			return err
		}
	}
	slices.SortStableFunc(all, func(a, b row) int { return cmp.Compare(a.start, b.start) })
	if q.backward {
		slices.Reverse(all)
	}
	for _, r := range all {
		if more, err := f(r.e, r.key, r.start); err != nil || !more {
			return err
		}
	}
	return nil
}

// segment calls f for the rows of one segment, by key, start and tail.
func (q *fetch) segment(segment int64, backward bool, f func(e *entry, key []byte, start int64) (more bool, err error)) error {
	head := binary.BigEndian.AppendUint64(append([]byte(nil), q.prefix...), uint64(segment))
	lo := append(slices.Clone(head), q.from...)
	hi := q.upper(head)
	if q.one {
		hi = binary.BigEndian.AppendUint64(slices.Clone(lo), uint64(q.last+1))
		lo = binary.BigEndian.AppendUint64(lo, uint64(q.first))
	}
	return q.scan(lo, hi, backward, func(e *entry) (bool, error) {
		end := len(e.key) - 8 - q.tail
		if end < len(head) {
			return false, q.damaged(fmt.Errorf("key %q is too short for a window", e.key))
		}
		key := []byte(e.key[len(head):end])
		start := int64(binary.BigEndian.Uint64([]byte(e.key[end : end+8])))
		if start < q.first || start > q.last || bytes.Compare(key, q.from) < 0 || q.to != nil && bytes.Compare(key, q.to) > 0 {
			return true, nil
		}
		return f(e, key, start)
	})
}

// upper is behind the rows of all keys up to the bound. A start, which follows a key, begins with a zero byte in the next two million
// years: so the rows of a key that is the beginning of the bound come before its own unless a zero follows there.
func (q *fetch) upper(head []byte) []byte {
	to := q.to
	if i := bytes.IndexByte(to, 0); i >= 0 {
		to = to[:i]
	}
	return after(append(slices.Clone(head), to...))
}
