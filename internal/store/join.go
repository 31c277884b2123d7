package store

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
)

// JoinBuffer holds the records of one side of a join of streams while partners may still come: a row for each, those of one key
// and time included. It knows bytes only, so that it is compiled once for all joins. A row never changes, so it is encoded
// and sent to the changelog once; what has expired goes by one range deletion, as in a [Window].
type JoinBuffer struct {
	rows
	*lifetime
	seq   int64               // of the record put last, which tells those of one key and time apart
	young map[string][]*entry // the rows that are not in the DB yet: those of a segment and key, by time, then arrival
	spare []entry             // to be used for the next rows
	kb    []byte
	hi    []byte
}

// NewJoinBuffer makes a task's part of s. Retention may be 0, which a store's cannot: then no record is ever found.
func NewJoinBuffer(c *graph.Context, s *graph.Store, d db.DB, prefix []byte, retention int64) *JoinBuffer {
	over, l := bytesCore(c, s, d, prefix), newLifetime(c, s)
	l.retention = retention
	b := &JoinBuffer{rows: rows{over}, lifetime: l, young: map[string][]*entry{}}
	segment(over, l)
	sweep := over.expire
	over.expire = func(batch db.Batch) error {
		b.settle()
		return sweep(batch)
	}
	over.forget = b.settle
	c.Var("store/"+s.Name+"/seq", &b.seq)
	return b
}

// settle is when no row is young any more. A map that was large once is not kept: clearing it would always take as long.
func (s *JoinBuffer) settle() {
	if len(s.young) > keep {
		s.young = map[string][]*entry{}
		return
	}
	clear(s.young)
}

// bytesCore is an overlay whose rows are bytes alone: their entries are those of no Entry, and none is ever typed.
func bytesCore(c *graph.Context, s *graph.Store, d db.DB, prefix []byte) *core {
	return newCore(c, s, d, prefix, values{make: func() *entry { return &entry{} }, drop: func(*entry) {}})
}

// group is what the keys of the rows of a segment and a key begin with. The length makes sure that no other key's do.
func (s *JoinBuffer) group(segment int64, key []byte) []byte {
	s.kb = binary.BigEndian.AppendUint64(append(s.kb[:0], s.core.prefix...), uint64(segment))
	s.kb = append(binary.AppendUvarint(s.kb, uint64(len(key))), key...)
	return s.kb
}

// Put keeps a record, and reports whether it was not too old for it. A nil value is no record; like Kafka Streams' store in
// memory, and unlike its store on disk, one in memory takes note of its time all the same, and may find it too old.
func (s *JoinBuffer) Put(key, value []byte, ts int64) bool {
	if value == nil && !s.strict {
		return true
	}
	if ts > s.observed {
		s.core.ctx.Mutated = true
	}
	if !s.Admit(ts) || value == nil {
		return value == nil && ts > s.observed-s.retention
	}
	s.seq++
	kb := s.group(ts/s.interval, key)
	n := len(kb)
	kb = binary.BigEndian.AppendUint64(kb, uint64(ts))
	kb = binary.BigEndian.AppendUint64(kb, uint64(s.seq))
	s.kb = kb
	row := append(append(make([]byte, 0, len(kb)+8+len(value)), kb...), kb[n:n+8]...)
	row = append(row, value...)
	e := s.entry()
	e.key, e.dbTS = unsafe.String(&row[0], len(kb)), -1 // they live and die together, and neither changes
	s.core.putRow(e, row[len(kb):len(row):len(row)], ts)
	list := s.young[e.key[:n]]
	i := len(list)
	for i > 0 && list[i-1].ts > ts {
		i--
	}
	s.young[e.key[:n]] = slices.Insert(list, i, e)
	return true
}

// entry is a new one. They are made by the dozen, as they are done with together.
func (s *JoinBuffer) entry() *entry {
	if len(s.spare) == 0 {
		s.spare = make([]entry, 24)
	}
	e := &s.spare[0]
	s.spare = s.spare[1:]
	return e
}

// Each calls f for the records of a key with from <= time <= to that have not expired, by time, then arrival. A value is valid
// during the call of f, which must not put into this buffer.
func (s *JoinBuffer) Each(key []byte, from, to int64, f func(ts int64, value []byte) error) error {
	from, to = max(from, 0, s.observed-s.retention+1), min(to, s.observed)
	for seg := from / s.interval; from <= to && seg <= to/s.interval; seg++ {
		if err := s.eachOf(s.group(seg, key), from, to, f); err != nil {
			return err
		}
	}
	return nil
}

// eachOf is Each within a group.
func (s *JoinBuffer) eachOf(group []byte, from, to int64, f func(ts int64, value []byte) error) error {
	young := s.young[string(group)]
	s.hi = binary.BigEndian.AppendUint64(append(s.hi[:0], group...), uint64(to)+1)
	s.kb = binary.BigEndian.AppendUint64(group, uint64(from))
	if len(young) > 0 {
		young = young[since(young, from):]
		if to < math.MaxInt64 {
			young = young[:since(young, to+1)]
		}
	}
	it, err := s.core.d.Iter(s.kb, s.hi)
	if err != nil {
		return s.core.failed(err)
	}
	defer it.Close()
	for ok := it.Next(); ok || len(young) > 0; {
		var row []byte
		fresh := len(young) > 0 && (!ok || young[0].key < string(it.Key()))
		if fresh {
			row, young = young[0].row, young[1:]
		} else if row = it.Value(); len(row) < 8 {
			return s.core.damaged(fmt.Errorf("the row of key %q has %d bytes, fewer than its timestamp", it.Key(), len(row)))
		}
		if err := f(int64(binary.BigEndian.Uint64(row)), row[8:]); err != nil {
			return err
		}
		if !fresh {
			ok = it.Next()
		}
	}
	if err := it.Err(); err != nil {
		return s.core.failed(err)
	}
	return nil
}

// since is where the rows from a time on begin in a list ordered by time.
func since(list []*entry, ts int64) int {
	i, _ := slices.BinarySearchFunc(list, ts, func(e *entry, ts int64) int { return cmp.Compare(e.ts, ts) })
	return i
}

// Undecoded says that a value of a key does not decode, for whoever knows its type.
func (s *JoinBuffer) Undecoded(key []byte, err error) error {
	return s.core.damaged(fmt.Errorf("a record of key %q does not decode: %w", key, err))
}
