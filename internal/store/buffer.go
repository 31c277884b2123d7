package store

import (
	"bytes"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
)

// Buffer holds changes back, one a key, in the order of their times, then of their keys' bytes (KIP-328). A change of a key
// that is held takes the place of the one before it, in time too. Values are bytes, since they outlive the records that
// brought them.
//
// Rows lie by key, as the changelog has them; a [timeline] is their order. Kafka Streams keeps both in memory.
type Buffer struct {
	rows
	cells[Held]
	order   timeline
	bounded bool
	counted bool // used is known
	used    Usage
	stood   Usage             // used as of the last commit
	batch   db.Batch          // what Restore wrote into last,
	places  map[string]string // and where it left the rows in time; "": deleted
}

// Held is a change that is held back. Nil bytes are an absent row.
type Held struct {
	At         int64 // its place in time
	Topic      string
	Partition  int32
	Offset     int64
	Headers    []graph.Header // of the record that made the change last, as Topic, Partition and Offset are
	New, Prior []byte         // Prior is what the row was before the first change that was held
	OldSize    int64          // what the value that New replaced adds to the size in Kafka Streams, which keeps it
}

// Usage is what is held back: how many changes, and their size as Kafka Streams reckons it, in bytes.
type Usage struct{ Records, Bytes int64 }

// NewBuffer makes a task's part of s. One that is bounded can tell what it holds.
func NewBuffer(c *graph.Context, s *graph.Store, d db.DB, prefix []byte, bounded bool) *Buffer {
	vs := newCells[Held](c, s, d, append(slices.Clone(prefix), 0), heldSerde{})
	b := &Buffer{rows: rows{vs.over}, cells: vs, bounded: bounded, places: map[string]string{}}
	b.order = timeline{s: vs.over, prefix: append(slices.Clone(prefix), 1), more: true}
	vs.over.expire = func(batch db.Batch) error {
		b.stood, b.batch = b.used, nil
		return b.order.apply(batch)
	}
	vs.over.forget = func() {
		b.used = b.stood
		b.order.forget()
	}
	return b
}

// HeldEntry returns the row of k in a buffer; it need not exist.
func HeldEntry[K any](b *Buffer, key serde.Serde[K], k K) (*Entry[Held], error) {
	e, err := b.core.find(key.Append(b.core.start(), k))
	return typed[Held](e), err
}

// Put holds a change back. h has the change as it came, with what its row was before as Prior; its bytes are copied.
func (b *Buffer) Put(e *Entry[Held], h Held, ts int64) error {
	if err := b.count(); err != nil {
		return err
	}
	was, err := b.Value(e)
	if err != nil {
		return err
	}
	had, old := e.has, h.Prior
	b.core.put(&e.entry, ts)
	x := &e.val
	if had {
		h.At, h.Prior = was.At, was.Prior
	} else {
		h.Prior = bytes.Clone(h.Prior)
		b.order.add(place(h.At, e.key[len(b.core.prefix):]))
	}
	h.OldSize = 0
	if b.bounded && !bytes.Equal(old, h.Prior) {
		h.OldSize = int64(len(old))
	}
	if h.New != nil {
		h.New = append(was.New[:0:len(was.New)], h.New...)
		if h.New == nil {
			h.New = []byte{}
		}
	}
	h.Headers = cloned(h.Headers)
	*x = h
	size := h.size(e.key[len(b.core.prefix):])
	b.core.bytes += int(size)
	if b.bounded {
		if had {
			b.used.Bytes -= was.size(e.key[len(b.core.prefix):])
		} else {
			b.used.Records++
		}
		b.used.Bytes += size
	}
	return nil
}

// First is the place in time of the change that comes first, and its row; ok is false where nothing is held.
func (b *Buffer) First() (at int64, ok bool, err error) {
	p, ok, err := b.order.first()
	if err != nil || !ok {
		return 0, false, err
	}
	return placeTime(p), true, nil
}

// Take takes out the change that comes first, with its key and the timestamp of its record. Its bytes are the caller's.
func (b *Buffer) Take() (key []byte, h Held, ts int64, err error) {
	if err := b.count(); err != nil {
		return nil, h, 0, err
	}
	p, _, err := b.order.first()
	if err != nil {
		return nil, h, 0, err
	}
	key = []byte(p[placeHead:])
	e, err := b.core.get(append(b.core.start(), key...))
	if err != nil {
		return nil, h, 0, err
	}
	if h, err = b.Value(typed[Held](e)); err != nil {
		return nil, h, 0, err
	}
	if !e.has || h.At != placeTime(p) {
		return nil, h, 0, b.core.badPlace(key, placeTime(p))
	}
	ts = e.ts
	b.order.take()
	b.core.del(e, ts)
	if b.bounded {
		b.used.Records--
		b.used.Bytes -= h.size(string(key))
	}
	return key, h, ts, nil
}

// Usage is what a bounded buffer holds.
func (b *Buffer) Usage() (Usage, error) {
	err := b.count()
	return b.used, err
}

// count reads what a bounded buffer held when it was opened, which its bounds limit.
func (b *Buffer) count() error {
	if !b.bounded || b.counted {
		return nil
	}
	b.used = Usage{}
	err := b.core.scan(b.core.prefix, nil, false, func(e *entry) (bool, error) {
		h, err := b.Value(typed[Held](e))
		if err != nil {
			return false, err
		}
		b.used.Records++
		b.used.Bytes += h.size(e.key[len(b.core.prefix):])
		return true, nil
	})
	b.counted, b.stood = err == nil, b.used
	return err
}

// size is how many bytes a change takes in Kafka Streams' reckoning: its time, key and values, and of its record the timestamp,
// offset, partition, topic and headers; text counts by UTF-16 units.
func (h *Held) size(key string) int64 {
	n := 8 + len(key) + len(h.Prior) + int(h.OldSize) + len(h.New) + 8 + 8 + units(h.Topic) + 4
	for i := range h.Headers {
		n += units(h.Headers[i].Key) + len(h.Headers[i].Value)
	}
	return int64(n)
}

// units is the length of s in UTF-16.
func units(s string) int {
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if r > 0xffff {
			n++
		}
	}
	return n
}

// cloned are headers that do not point into a record.
func cloned(hs []graph.Header) []graph.Header {
	out := slices.Clone(hs)
	for i := range out {
		out[i].Value = bytes.Clone(out[i].Value)
	}
	return out
}

// Undecoded says that the key of a change that is held back, or its value, does not decode.
func (b *Buffer) Undecoded(key []byte, err error) error {
	return b.core.damaged(fmt.Errorf("the change of key %q does not decode: %w", key, err))
}
