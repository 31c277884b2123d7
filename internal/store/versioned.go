package store

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
)

// Versioned is a versioned key-value store (KIP-889): a row per version. The latest version of a key lies under the key alone,
// so that the puts and look-ups that come in order are point operations; the others, its [past], lie under key and time.
// A version ends where the next one begins.
//
// The latest version of a key never expires. The others, and a latest one that is a delete, go once they ended before
// observed time minus retention. A put that is older than that is refused.
type Versioned[K, V any] struct {
	rows
	cells[Version[V]]
	past *past
	key  serde.Serde[K]
}

// Version is the value of a row of a versioned store.
type Version[V any] struct {
	Value V
	kind  versionKind
}

type versionKind uint8

const (
	deleted versionKind = iota // the zero value, which is also that of a row that is not there
	present
	// passed is a delete that was the latest version when a later one was put. Kafka Streams keeps no row of it but takes
	// it for the latest again when the later one is deleted with that one's own timestamp.
	passed
	// again is a value that took the place of a delete with its timestamp, of which Kafka Streams keeps what it knew of the delete.
	again
)

func (k versionKind) there() bool { return k == present || k == again }

// What Put returns besides the end of a version, as in Kafka Streams.
const (
	NotPut      int64 = -1 << 63 // older than the history: refused
	OpenVersion int64 = -1       // it is the latest
)

// NewVersioned makes a task's part of s, whose Retention is the history.
func NewVersioned[K, V any](c *graph.Context, s *graph.Store, d db.DB, prefix []byte, k serde.Serde[K], v serde.Serde[V]) *Versioned[K, V] {
	vs := newCells[Version[V]](c, s, d, prefix, versionSerde[V]{v})
	l := newLifetime(c, s)
	l.retention = s.Retention // a history of 0 is none
	p := newPast(vs.over, l, func(e *entry) versionKind { return typed[Version[V]](e).val.kind })
	return &Versioned[K, V]{rows: rows{vs.over}, cells: vs, past: p, key: k}
}

// entry is the row of k's latest version.
func (s *Versioned[K, V]) entry(k K) (*Entry[Version[V]], error) {
	e, err := s.core.find(s.key.Append(append(s.core.start(), latestRows), k))
	return typed[Version[V]](e), err
}

// Get returns k's latest version and its timestamp; ok is false where there is none or it is a delete.
func (s *Versioned[K, V]) Get(k K) (v V, ts int64, ok bool, err error) {
	e, err := s.entry(k)
	if err != nil {
		return v, 0, false, err
	}
	return s.read(e, &e.entry)
}

func (s *Versioned[K, V]) read(e *Entry[Version[V]], from *entry) (v V, ts int64, ok bool, err error) {
	x, err := s.Value(e)
	if err != nil || !x.kind.there() {
		return v, 0, false, err
	}
	if from == &e.entry {
		return x.Value, e.ts, true, nil
	}
	return x.Value, s.past.since(&e.entry), true, nil
}

// GetAt returns the version of k that was valid at a time, and its timestamp. Before the history there is only the latest.
func (s *Versioned[K, V]) GetAt(k K, at int64) (v V, ts int64, ok bool, err error) {
	e, err := s.entry(k)
	if err != nil || !e.has {
		return v, 0, false, err
	}
	if e.ts <= at {
		return s.read(e, &e.entry)
	}
	if at < s.past.observed-s.past.retention {
		return v, 0, false, nil
	}
	old, err := s.past.before(&e.entry, at)
	if err != nil || old == nil || old.ts <= at {
		return v, 0, false, err
	}
	return s.read(typed[Version[V]](old), nil)
}

// Put adds a version, or replaces the one with the same timestamp; null is a delete. It returns when the version ends:
// OpenVersion if it is the latest, NotPut if it was refused.
func (s *Versioned[K, V]) Put(k K, v V, null bool, ts int64) (validTo int64, err error) {
	if ts < s.past.observed-s.past.retention {
		return NotPut, nil
	}
	e, err := s.entry(k)
	if err != nil {
		return 0, err
	}
	is, err := s.past.kind(&e.entry)
	if err != nil {
		return 0, err
	}
	validTo = OpenVersion
	to := e
	switch {
	case e.has && ts < e.ts:
		row, end, err := s.past.between(&e.entry, ts)
		if err != nil {
			return 0, err
		}
		to, validTo = typed[Version[V]](row), end
	case e.has && ts > e.ts:
		if err := s.pass(e, is, ts); err != nil {
			return 0, err
		}
	case is.there() && null:
		s.past.observed = max(s.past.observed, ts)
		return validTo, s.retract(e, is)
	}
	at, kind := ts, present
	switch {
	case to != e:
		at = validTo
	case e.has && ts == e.ts && is != present:
		kind = again
	}
	if null {
		s.Set(to, Version[V]{}, at)
	} else if err := s.SetShared(to, Version[V]{v, kind}, at); err != nil {
		return 0, err
	}
	s.past.observed = max(s.past.observed, ts)
	return validTo, nil
}

// pass makes the latest version one of the past, which ends at a time.
func (s *Versioned[K, V]) pass(e *Entry[Version[V]], is versionKind, end int64) error {
	to, err := s.past.at(&e.entry, e.ts)
	if err != nil {
		return err
	}
	switch {
	case !is.there():
		s.Set(typed[Version[V]](to), Version[V]{kind: passed}, end)
	case e.enc:
		row := slices.Clone(e.row)
		binary.BigEndian.PutUint64(row, uint64(end))
		row[8] = byte(present)
		s.core.putRow(to, row, end)
	default:
		s.Set(typed[Version[V]](to), Version[V]{e.val.Value, present}, end)
	}
	return nil
}

// retract deletes the latest version with its own timestamp. As in Kafka Streams, nothing remains of it but where the version
// before it ended then: if that was a delete already, that is the latest again.
func (s *Versioned[K, V]) retract(e *Entry[Version[V]], is versionKind) error {
	if is == again {
		s.Set(e, Version[V]{}, e.ts)
		return nil
	}
	old, err := s.past.before(&e.entry, e.ts-1)
	if err != nil {
		return err
	}
	if old == nil {
		s.Remove(e, e.ts)
		return nil
	}
	if is, err = s.past.kind(old); err != nil {
		return err
	}
	ts := e.ts
	if is == passed {
		ts = s.past.since(old)
		s.core.del(old, ts)
	}
	s.Set(e, Version[V]{}, ts)
	return nil
}

// versionSerde encodes a version: its kind, then its value.
type versionSerde[V any] struct{ value serde.Serde[V] }

func (c versionSerde[V]) Append(dst []byte, v Version[V]) ([]byte, error) {
	dst = append(dst, byte(v.kind))
	if !v.kind.there() {
		return dst, nil
	}
	return c.value.Append(dst, v.Value)
}

var errVersion = errors.New("damaged version")

func (c versionSerde[V]) Decode(src []byte) (v Version[V], err error) {
	if len(src) == 0 || src[0] > byte(again) || !versionKind(src[0]).there() && len(src) > 1 {
		return v, errVersion
	}
	v.kind = versionKind(src[0])
	if v.kind.there() {
		v.Value, err = c.value.Decode(src[1:])
	}
	return v, err
}
