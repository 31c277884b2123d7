// Package store holds the stores of a task: a typed overlay of what changed since the last commit over ordered bytes
// (package db).
//
// A row that is updated many times between two commits is encoded once, sent to the changelog once and written to the
// DB once. Uncommitted rows never reach the DB, so an abort only drops the overlay.
//
// Who owns a value: a value that an aggregator returned belongs to the store, which keeps it as it is. A value that was
// forwarded may be shared, so unless its type is immutable the store keeps its bytes (see [KeyValue.SetShared]).
//
// Go compiles a method of a generic type anew for every pair of types, in every package that draws a topology. So what
// does not depend on the types lies in [core], which is compiled once, and the stores are thin over it.
package store

import (
	"encoding/binary"
	"fmt"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
)

// core is the overlay, by encoded key.
type core struct {
	ctx    *graph.Context
	name   string
	d      db.DB
	prefix []byte
	values values
	onPut  func(e *entry, b db.Batch) error // after a row was put into b
	expire func(b db.Batch) error           // at the end of Apply
	forget func()                           // at an abort

	cur, prev map[string]*entry // entries touched since the last turnover, and before; dirty ones are all in cur
	last      *entry            // the one looked up last, in cur: records of one key often come in a row
	dirty     []*entry
	turns     []turn // in the order of last writes, when track is set; an entry counts where its turn points
	track     bool
	keepOld   bool
	sorted    []*entry // dirty ones by key, but for those in recent and the last ones
	recent    []*entry // the same of some that came lately
	nsorted   int      // how many dirty ones are in either
	bytes     int
	arena     arena
	kb        []byte
}

// values is what core cannot do without knowing V.
type values struct {
	make   func() *entry
	copy   func(of []*entry) []*entry
	append func(dst []byte, e *entry) ([]byte, error) // encodes the value
	drop   func(e *entry)                             // zeroes the value
}

// keep is how many clean entries the overlay holds on to: more cost memory and gained no speed (measured).
const keep = 2000

func newCore(c *graph.Context, s *graph.Store, d db.DB, prefix []byte, v values) *core {
	return &core{ctx: c, name: s.Name, d: d, prefix: prefix, values: v, track: s.EmitOnCommit, cur: map[string]*entry{}}
}

// start is a buffer with the prefix, for a key to be appended to.
func (s *core) start() []byte { return append(s.kb[:0], s.prefix...) }

// find returns the entry of a key that was appended to start, or what that failed with.
func (s *core) find(key []byte, err error) (*entry, error) {
	if err != nil {
		return nil, s.badKey(err)
	}
	s.kb = key
	return s.get(key)
}

// get returns the entry of an encoded key (prefix included), from the overlay or the DB; it is there even if the row is not.
func (s *core) get(key []byte) (*entry, error) {
	if s.last != nil && s.last.key == string(key) {
		return s.last, nil
	}
	if e := s.cur[string(key)]; e != nil {
		s.last = e
		return e, nil
	}
	if e := s.prev[string(key)]; e != nil {
		s.cur[e.key], s.last = e, e
		delete(s.prev, e.key)
		return e, nil
	}
	row, ok, err := s.d.Get(key)
	if err != nil {
		return nil, s.failed(err)
	}
	e := s.values.make()
	e.key, e.has, e.inDB, e.dbTS = string(key), ok, ok, -1
	if ok {
		if err := load(e, row); err != nil {
			return nil, s.damaged(err)
		}
	}
	s.cur[e.key], s.last = e, e
	return e, nil
}

// touch makes the entry dirty before it changes.
func (s *core) touch(e *entry) {
	s.ctx.Mutated = true
	if !e.dirty {
		e.dirty = true
		s.dirty = append(s.dirty, e)
		s.bytes += len(e.key) + 64
		if s.track {
			e.oldRow, e.oldHas, e.untold = e.row, e.has, true
			if s.keepOld && e.has && !e.enc {
				// Encoding a value that was decoded or encoded before cannot fail but for a bug of its serde, which Log reports.
				e.oldRow, _ = s.encode(nil, e)
			}
		}
	}
	if s.track {
		s.take(e)
	}
}

// put makes the row exist with a value that the caller sets next.
func (s *core) put(e *entry, ts int64) {
	s.touch(e)
	e.ts, e.typed, e.enc, e.has, e.row = ts, true, false, true, nil
}

// putRow makes the row exist as encoded.
func (s *core) putRow(e *entry, row []byte, ts int64) {
	s.touch(e)
	s.values.drop(e)
	e.ts, e.typed, e.enc, e.has, e.row = ts, false, true, true, row
	s.bytes += len(row)
}

func (s *core) del(e *entry, ts int64) {
	s.touch(e)
	s.values.drop(e)
	e.row, e.ts, e.typed, e.enc, e.has = nil, ts, false, false, false
}

func (s *core) encode(dst []byte, e *entry) ([]byte, error) {
	if e.enc {
		return append(dst, e.row...), nil
	}
	dst, err := s.values.append(binary.BigEndian.AppendUint64(dst, uint64(e.ts)), e)
	if err != nil {
		return nil, fmt.Errorf("store %s: encode the row of key %q: %w", s.name, e.key, err)
	}
	return dst, nil
}

// clean makes the overlay hold nothing that the DB has not.
func (s *core) clean() {
	clear(s.dirty)
	clear(s.turns)
	s.dirty, s.turns, s.sorted, s.recent, s.nsorted, s.bytes = s.dirty[:0], s.turns[:0], s.sorted[:0], s.recent[:0], 0, 0
	if len(s.cur) > keep {
		s.prev, s.cur, s.last = s.cur, map[string]*entry{}, nil
	}
}
