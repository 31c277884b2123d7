package store

import (
	"encoding/binary"
	"fmt"
	"iter"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
)

// Window is a window store: a row per key and window start. Rows lie in segments of event time, so that what has
// expired goes by one range deletion; a row whose start is not after observed time minus retention is not seen any more
// even where its segment is still there (KIP-328).
type Window[K, V any] struct {
	core[V]
	key       serde.Serde[K]
	kb        []byte
	retention int64
	interval  int64
	strict    bool
	observed  int64 // the latest start put, -1 at first
	floor     int64 // segments below are gone from the DB
}

// SegmentInterval is the length of a segment in milliseconds, as in Kafka Streams.
func SegmentInterval(retention int64) int64 { return max(retention/2, 60_000) }

// NewWindow makes a task's part of s.
func NewWindow[K, V any](c *graph.Context, s *graph.Store, d db.DB, prefix []byte, k serde.Serde[K], v serde.Serde[V]) *Window[K, V] {
	w := &Window[K, V]{core: newCore(c, s, d, prefix, v), key: k, retention: s.Retention, interval: SegmentInterval(s.Retention), strict: s.Memory, observed: -1}
	c.Var("store/"+s.Name, &w.observed)
	return w
}

func (s *Window[K, V]) encode(k K, start int64) ([]byte, error) {
	kb := binary.BigEndian.AppendUint64(append(s.kb[:0], s.prefix...), uint64(start/s.interval))
	kb, err := s.key.Append(kb, k)
	if err != nil {
		return nil, fmt.Errorf("store %s: encode key: %w", s.name, err)
	}
	s.kb = binary.BigEndian.AppendUint64(kb, uint64(start))
	return s.kb, nil
}

// Entry returns the row of k's window; one that has expired is as if it were not there, with live false.
func (s *Window[K, V]) Entry(k K, start int64) (e *Entry[V], live bool, err error) {
	kb, err := s.encode(k, start)
	if err != nil {
		return nil, false, err
	}
	e, err = s.get(kb)
	return e, err == nil && e.has && s.seen(start), err
}

func (s *Window[K, V]) seen(start int64) bool { return start > s.observed-s.retention }

// Admit moves observed time to start and reports whether a row of that start may still be put. A store on disk takes
// rows until their segment expires, one in memory until they do: as Kafka Streams' two kinds, whose counts of dropped
// records differ by it.
func (s *Window[K, V]) Admit(start int64) bool {
	if start > s.observed {
		s.observed = start
	}
	return admit(start, s.observed-s.retention, s.interval, s.strict)
}

func admit(t, expired, interval int64, strict bool) bool {
	if strict {
		return t > expired
	}
	return expired < 0 || t/interval >= expired/interval
}

// Set puts a value that belongs to the store from now on.
func (s *Window[K, V]) Set(e *Entry[V], v V, ts int64) { s.set(e, v, ts) }

// SetShared puts a value that was, or will be, forwarded by others.
func (s *Window[K, V]) SetShared(e *Entry[V], v V, ts int64) error { return s.setShared(e, v, ts) }

// Remove deletes the row.
func (s *Window[K, V]) Remove(e *Entry[V], ts int64) { s.del(e, ts) }

// Apply writes the rows, and deletes the segments that have expired.
func (s *Window[K, V]) Apply(b db.Batch) error {
	if err := s.core.Apply(b); err != nil {
		return err
	}
	if expired := s.observed - s.retention; expired > 0 && expired/s.interval > s.floor {
		s.floor = expired / s.interval
		return b.DeleteRange(s.prefix, binary.BigEndian.AppendUint64(append([]byte(nil), s.prefix...), uint64(s.floor)))
	}
	return nil
}

// WindowRow is a row of a window store.
type WindowRow[K, V any] struct {
	Key       K
	Start     int64
	Value     V
	Timestamp int64
}

// All yields every row that has not expired, by segment, then by the bytes of the key with the start behind them. An error
// ends it, as the last pair.
func (s *Window[K, V]) All() iter.Seq2[WindowRow[K, V], error] {
	return func(yield func(WindowRow[K, V], error) bool) {
		err := s.scan(s.prefix, nil, false, func(key string, v V, ts int64) (bool, error) {
			k, start, err := s.parse(key)
			if err != nil || !s.seen(start) {
				return err == nil, err
			}
			return yield(WindowRow[K, V]{k, start, v, ts}, nil), nil
		})
		if err != nil {
			yield(WindowRow[K, V]{}, err)
		}
	}
}

func (s *Window[K, V]) parse(key string) (k K, start int64, err error) {
	head := len(s.prefix) + 8
	if len(key) < head+8 {
		return k, 0, s.damaged(fmt.Errorf("key %q is too short for a window", key))
	}
	start = int64(binary.BigEndian.Uint64([]byte(key[len(key)-8:])))
	if k, err = s.key.Decode([]byte(key[head : len(key)-8])); err != nil {
		err = s.damaged(fmt.Errorf("key %q does not decode: %w", key, err))
	}
	return k, start, err
}

// StartOf is the window start of an entry.
func (e *Entry[V]) StartOf() int64 {
	return int64(binary.BigEndian.Uint64([]byte(e.key[len(e.key)-8:])))
}

// KeyOf decodes the key of an entry.
func (s *Window[K, V]) KeyOf(e *Entry[V]) (K, error) {
	k, _, err := s.parse(e.key)
	return k, err
}

// KeyOf decodes the key of an entry.
func (s *KeyValue[K, V]) KeyOf(e *Entry[V]) (K, error) {
	k, err := s.key.Decode([]byte(e.key[len(s.prefix):]))
	if err != nil {
		return k, s.damaged(fmt.Errorf("key %q does not decode: %w", e.key[len(s.prefix):], err))
	}
	return k, nil
}
