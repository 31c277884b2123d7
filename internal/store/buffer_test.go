package store_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
)

func makeBuffer(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore {
	return store.NewBuffer(c, s, d, prefix, true)
}

// heldRow is a change as the model holds it.
type heldRow struct {
	Key  string
	TS   int64
	Held store.Held
}

func (r heldRow) String() string {
	return fmt.Sprintf("%q at %d since %d: %q, before %q, replaced %d bytes, %s/%d@%d %v",
		r.Key, r.TS, r.Held.At, r.Held.New, r.Held.Prior, r.Held.OldSize, r.Held.Topic, r.Held.Partition, r.Held.Offset, r.Held.Headers)
}

// size is what Kafka Streams reckons, for texts of one byte a character.
func (r heldRow) size() int64 {
	n := 28 + len(r.Key) + len(r.Held.New) + len(r.Held.Prior) + int(r.Held.OldSize) + len(r.Held.Topic)
	for _, h := range r.Held.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return int64(n)
}

// bufferModel is a map of changes that is sorted when the first is asked for.
type bufferModel struct {
	*part
	rng             *rand.Rand
	rows, committed map[string]heldRow
	now, wait       int64
	step            int
}

func (m *bufferModel) store() *store.Buffer { return m.ts.(*store.Buffer) }

// A buffer does what a sorted map would, whatever comes between two changes; restored from its changelog it has the same bytes.
func TestBufferModel(t *testing.T) {
	t.Parallel()
	property(t, func(t *testing.T, rng *rand.Rand, open func(t *testing.T) db.DB) {
		spec := &graph.Store{Name: "held"}
		m := &bufferModel{part: newPart(t, spec, open(t), makeBuffer), rng: rng, rows: map[string]heldRow{}, committed: map[string]heldRow{}}
		m.wait = []int64{100, 5000}[rng.IntN(2)] // so that more are held than are read ahead
		for m.step = range 900 {
			m.act()
		}
		m.settle()
		again := m.restored(open(t))
		if diff := gocmp.Diff(everything(t, m.d), everything(t, again.d)); diff != "" {
			t.Errorf("restored from the changelog (-buffer +restored):\n%s", diff)
		}
		m.part = again
		for len(m.rows) > 0 {
			m.takeFirst()
		}
	})
}

func (m *bufferModel) act() {
	switch p := m.rng.IntN(100); {
	case p < 55:
		m.put()
	case p < 65:
		m.release()
	case p < 70:
		m.look()
	case p < 73:
		m.usage()
	case p < 90:
		m.settle()
	case p < 95:
		m.abort()
		m.rows = maps.Clone(m.committed)
	default:
		m.reopen()
		m.rows = maps.Clone(m.committed)
	}
}

func (m *bufferModel) settle() {
	m.t.Helper()
	m.commit()
	m.neighbours()
	m.committed = maps.Clone(m.rows)
}

// anyBytes are nil, empty, or a few bytes.
func (m *bufferModel) anyBytes() []byte {
	switch m.rng.IntN(6) {
	case 0:
		return nil
	case 1:
		return []byte{}
	default:
		return fmt.Appendf(nil, "v%d", m.rng.IntN(2000))
	}
}

func (m *bufferModel) put() {
	m.t.Helper()
	m.now += m.rng.Int64N(20)
	key := shortKey(m.rng)
	for range m.rng.IntN(3) {
		key += shortKey(m.rng)
	}
	h := store.Held{
		At: m.now - m.rng.Int64N(60), Topic: "in", Partition: int32(m.rng.IntN(3)), Offset: int64(m.step), New: m.anyBytes(), Prior: m.anyBytes(),
	}
	if m.rng.IntN(5) == 0 {
		h.Headers = []graph.Header{{Key: "h", Value: m.anyBytes()}}
	}
	e, err := store.HeldEntry(m.store(), serde.String(), key)
	noError(m.t, err)
	was, held := m.rows[key]
	if e.Has() != held {
		m.t.Fatalf("step %d: %q is held = %v, want %v", m.step, key, e.Has(), held)
	}
	given := h
	given.New, given.Prior = bytes.Clone(h.New), bytes.Clone(h.Prior)
	noError(m.t, m.store().Put(e, given, m.now))
	clear(given.New) // they are the caller's to use again
	clear(given.Prior)
	if held {
		old := h.Prior
		h.At, h.Prior = was.Held.At, was.Held.Prior
		if !bytes.Equal(old, h.Prior) {
			h.OldSize = int64(len(old))
		}
	}
	m.rows[key] = heldRow{key, m.now, h}
}

// release takes out what is due at some time, and some more.
func (m *bufferModel) release() {
	m.t.Helper()
	for range m.rng.IntN(4) {
		m.takeFirst()
	}
	due := m.now - m.rng.Int64N(m.wait)
	for {
		at, ok, err := m.store().First()
		noError(m.t, err)
		if first := m.first(); ok != (first != nil) || ok && at != first.Held.At {
			m.t.Fatalf("step %d: the first is at %d, %v, want %v", m.step, at, ok, first)
		}
		if !ok || at > due {
			return
		}
		m.takeFirst()
	}
}

func (m *bufferModel) first() *heldRow {
	var least *heldRow
	for _, r := range m.rows {
		if least == nil || cmp.Or(cmp.Compare(r.Held.At, least.Held.At), cmp.Compare(r.Key, least.Key)) < 0 {
			least = &r
		}
	}
	return least
}

func (m *bufferModel) takeFirst() {
	m.t.Helper()
	want := m.first()
	if want == nil {
		return
	}
	key, h, ts, err := m.store().Take()
	noError(m.t, err)
	got := heldRow{string(key), ts, h}
	if diff := gocmp.Diff(*want, got); diff != "" {
		m.t.Fatalf("step %d: taken (-want +got):\n%s", m.step, diff)
	}
	delete(m.rows, want.Key)
}

func (m *bufferModel) look() {
	m.t.Helper()
	key := shortKey(m.rng)
	e, err := store.HeldEntry(m.store(), serde.String(), key)
	noError(m.t, err)
	want, ok := m.rows[key]
	if e.Has() != ok {
		m.t.Fatalf("step %d: %q is held = %v, want %v", m.step, key, e.Has(), ok)
	}
	if !ok {
		return
	}
	h, err := m.store().Value(e)
	noError(m.t, err)
	if diff := gocmp.Diff(want, heldRow{key, e.Timestamp(), h}); diff != "" {
		m.t.Fatalf("step %d: held (-want +got):\n%s", m.step, diff)
	}
}

func (m *bufferModel) usage() {
	m.t.Helper()
	want := store.Usage{Records: int64(len(m.rows))}
	for _, r := range m.rows {
		want.Bytes += r.size()
	}
	got, err := m.store().Usage()
	noError(m.t, err)
	if got != want {
		m.t.Fatalf("step %d: usage %+v, want %+v", m.step, got, want)
	}
}

// everything is what a DB holds.
func everything(t *testing.T, d db.DB) []string {
	t.Helper()
	it, err := d.Iter(nil, nil)
	noError(t, err)
	var rows []string
	for it.Next() {
		rows = append(rows, fmt.Sprintf("%x=%x", it.Key(), it.Value()))
	}
	noError(t, it.Err())
	noError(t, it.Close())
	return rows
}

// Size counts a text as Kafka Streams does, by UTF-16 units: 2 for a letter beyond the first plane.
func TestBufferSize(t *testing.T) {
	t.Parallel()
	p := newPart(t, &graph.Store{Name: "held"}, disks["memory"](t), makeBuffer)
	b := p.ts.(*store.Buffer)
	e, err := store.HeldEntry(b, serde.String(), "key")
	noError(t, err)
	noError(t, b.Put(e, store.Held{Topic: "bäd𝄞", New: []byte("new"), Prior: []byte("prior"), Headers: []graph.Header{{Key: "𝄞", Value: []byte("v")}}}, 1))
	got, err := b.Usage()
	noError(t, err)
	if want := (store.Usage{Records: 1, Bytes: 8 + 3 + 5 + 3 + 8 + 8 + 5 + 4 + 2 + 1}); got != want {
		t.Errorf("usage %+v, want %+v", got, want)
	}
}

// A damaged row, or place in time, is an error that says what to do, and no panic.
func TestBufferDamage(t *testing.T) {
	t.Parallel()
	rowsOf, places := append(slices.Clone(prefix), 0), append(slices.Clone(prefix), 1)
	at := []byte{0x80, 0, 0, 0, 0, 0, 0, 5, 'k'}
	for name, damage := range map[string]func(b db.Batch) error{
		"a row cut short":             func(b db.Batch) error { return b.Set(append(rowsOf, 'k'), []byte("short")) },
		"a row that does not decode":  func(b db.Batch) error { return b.Set(append(rowsOf, 'k'), make([]byte, 16)) },
		"a place cut short":           func(b db.Batch) error { return b.Set(append(places, 1, 2), nil) },
		"a place of a row elsewhere":  func(b db.Batch) error { return b.Set(append(places, 0x80, 0, 0, 0, 0, 0, 0, 4, 'k'), nil) },
		"a place of a row that's not": func(b db.Batch) error { return b.Delete(append(rowsOf, 'k')) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPart(t, &graph.Store{Name: "held"}, disks["memory"](t), makeBuffer)
			b := p.ts.(*store.Buffer)
			e, err := store.HeldEntry(b, serde.String(), "k")
			noError(t, err)
			noError(t, b.Put(e, store.Held{At: 5, New: []byte("v")}, 5))
			p.commit()
			if _, ok, err := p.d.Get(append(slices.Clone(places), at...)); !ok || err != nil {
				t.Fatalf("the place is not where this test has it: %v", err)
			}
			batch := p.d.Batch()
			noError(t, damage(batch))
			noError(t, batch.Commit())
			p.reopen()
			b = p.ts.(*store.Buffer)
			_, _, err = b.First()
			if err == nil {
				_, _, _, err = b.Take()
			}
			if err == nil || !strings.Contains(err.Error(), "delete the task's directory") {
				t.Errorf("got %v", err)
			}
		})
	}
}
