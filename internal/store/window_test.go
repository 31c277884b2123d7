package store_test

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
)

type windowStore = store.Window[string, *list]

func makeWindows(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore {
	return store.NewWindow(c, s, d, prefix, serde.String(), lists())
}

type windowRow struct {
	Key   string
	Start int64
	Value string
	TS    int64
}

// encoded is the key as it is ordered within a segment: a start follows a key without an end mark, as in Kafka Streams.
func (r windowRow) encoded() string {
	return string(binary.BigEndian.AppendUint64([]byte(r.Key), uint64(r.Start)))
}

type windowID struct {
	key   string
	start int64
}

// windowModel is a map of rows that forgets the expired ones when it is read.
type windowModel struct {
	*part
	rng             *rand.Rand
	rows, committed map[windowID]windowRow
	observed, saved int64
	step            int
}

func (m *windowModel) store() *windowStore { return m.ts.(*windowStore) }

const (
	windowRetention = 150_000
	windowSegment   = 75_000 // half of it
)

// A window store does what a map would from which rows vanish as they expire.
func TestWindowModel(t *testing.T) {
	t.Parallel()
	property(t, func(t *testing.T, rng *rand.Rand, open func(t *testing.T) db.DB) {
		spec := &graph.Store{Name: "windows", Retention: windowRetention, Memory: rng.IntN(2) == 0}
		m := &windowModel{
			part: newPart(t, spec, open(t), makeWindows), rng: rng, observed: -1, saved: -1,
			rows: map[windowID]windowRow{}, committed: map[windowID]windowRow{},
		}
		for m.step = range 600 {
			m.act()
		}
		m.settle()
		again := m.restored(open(t))
		if diff := gocmp.Diff(m.visible(), collectWindows(t, again.ts.(*windowStore))); diff != "" {
			t.Errorf("restored from the changelog (-want +got):\n%s", diff)
		}
	})
}

func (m *windowModel) act() {
	switch p := m.rng.IntN(100); {
	case p < 60:
		m.write()
	case p < 80:
		if diff := gocmp.Diff(m.visible(), collectWindows(m.t, m.store())); diff != "" {
			m.t.Fatalf("step %d: All (-want +got):\n%s", m.step, diff)
		}
	case p < 92:
		m.settle()
	case p < 96:
		m.abort()
		m.rows, m.observed = maps.Clone(m.committed), m.saved
	default:
		m.reopen()
		m.rows, m.observed = maps.Clone(m.committed), m.saved
	}
}

// write puts or deletes a row near observed time: before, behind, rarely far ahead, so that segments expire.
func (m *windowModel) write() {
	id := windowID{shortKey(m.rng), max(0, m.observed+m.rng.Int64N(200_000)-170_000)}
	if m.rng.IntN(30) == 0 {
		id.start += 300_000
	}
	e, live, err := m.store().Entry(id.key, id.start)
	noError(m.t, err)
	want, has := m.rows[id]
	has = has && id.start > m.observed-windowRetention
	if live != has {
		m.t.Fatalf("step %d: the row of %v is live = %v, want %v", m.step, id, live, has)
	}
	v := &list{}
	if live {
		v, err = m.store().Value(e)
		noError(m.t, err)
		if v.String() != want.Value || e.Timestamp() != want.TS {
			m.t.Fatalf("step %d: the row of %v is %v at %d, want %v", m.step, id, v, e.Timestamp(), want)
		}
	}
	if k, err := m.store().KeyOf(e); err != nil || k != id.key || e.StartOf() != id.start {
		m.t.Fatalf("step %d: the entry of %v is of %q, %d, %v", m.step, id, k, e.StartOf(), err)
	}
	m.observed = max(m.observed, id.start)
	expired := m.observed - windowRetention
	admit := id.start > expired
	if !m.spec.Memory { // until the segment expires
		admit = expired < 0 || id.start/windowSegment >= expired/windowSegment
	}
	if got := m.store().Admit(id.start); got != admit {
		m.t.Fatalf("step %d: Admit(%d) = %v at observed time %d, want %v", m.step, id.start, got, m.observed, admit)
	}
	switch {
	case !admit:
	case m.rng.IntN(6) == 0:
		m.store().Remove(e, int64(m.step))
		delete(m.rows, id)
	case m.rng.IntN(3) == 0:
		v = &list{[]int64{int64(m.step)}}
		noError(m.t, m.store().SetShared(e, v, int64(m.step)))
		m.rows[id] = windowRow{id.key, id.start, v.String(), int64(m.step)}
		v.N[0] = -1
	default:
		m.store().Touch(e)
		v.N = append(v.N, int64(m.step))
		m.store().Set(e, v, int64(m.step))
		m.rows[id] = windowRow{id.key, id.start, v.String(), int64(m.step)}
	}
}

// settle commits; no segment that has expired may be left in the DB then.
func (m *windowModel) settle() {
	m.t.Helper()
	m.commit()
	m.committed, m.saved = maps.Clone(m.rows), m.observed
	m.neighbours()
	it, err := m.d.Iter(prefix, []byte{0, 8})
	noError(m.t, err)
	for it.Next() {
		start := startOf(it.Key())
		if expired := m.observed - windowRetention; expired > 0 && start/windowSegment < expired/windowSegment {
			m.t.Fatalf("step %d: a row that starts at %d is left in the DB at observed time %d", m.step, start, m.observed)
		}
	}
	noError(m.t, it.Close())
}

func startOf(key []byte) int64 { return int64(binary.BigEndian.Uint64(key[len(key)-8:])) }

func (m *windowModel) visible() []windowRow {
	rows := []windowRow{}
	for id, r := range m.rows {
		if id.start > m.observed-windowRetention {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b windowRow) int {
		return cmp.Or(cmp.Compare(a.Start/windowSegment, b.Start/windowSegment), cmp.Compare(a.encoded(), b.encoded()))
	})
	return rows
}

func collectWindows(t *testing.T, s *windowStore) []windowRow {
	t.Helper()
	rows := []windowRow{}
	for r, err := range store.AllWindows(s) {
		noError(t, err)
		rows = append(rows, windowRow{r.Key, r.Start, r.Value.String(), r.Timestamp})
	}
	return rows
}

func TestSegmentInterval(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ retention, want int64 }{{0, 60_000}, {120_000, 60_000}, {120_002, 60_001}, {86_400_000, 43_200_000}} {
		if got := store.SegmentInterval(row.retention); got != row.want {
			t.Errorf("SegmentInterval(%d) = %d, want %d", row.retention, got, row.want)
		}
	}
}

// What changed in windows is told as rows are: the last value of each, once.
func TestWindowChanged(t *testing.T) {
	t.Parallel()
	p := newPart(t, &graph.Store{Name: "windows", Retention: windowRetention, EmitOnCommit: true}, disks["memory"](t), makeWindows)
	s := p.ts.(*windowStore)
	s.KeepOld()
	for i, k := range []string{"b", "a", "b"} {
		e, _, err := s.Entry(k, 10)
		noError(t, err)
		s.Admit(10)
		s.Set(e, &list{[]int64{int64(i)}}, int64(i))
	}
	var got []string
	tell := func() []string {
		got = nil
		noError(t, s.Changed(func(e *store.Entry[*list], old *list, hadOld bool) error {
			k, err := s.KeyOf(e)
			noError(t, err)
			v, err := s.Value(e)
			noError(t, err)
			got = append(got, fmt.Sprintf("%s@%d %v was %v %v", k, e.StartOf(), v, old, hadOld))
			return nil
		}))
		p.commit()
		return got
	}
	if diff := gocmp.Diff([]string{"a@10 [1] was none false", "b@10 [2] was none false"}, tell()); diff != "" {
		t.Error(diff)
	}
	e, _, err := s.Entry("a", 10)
	noError(t, err)
	s.Remove(e, 3)
	if diff := gocmp.Diff([]string{"a@10 none was [1] true"}, tell()); diff != "" {
		t.Error(diff)
	}
	if diff := gocmp.Diff([]string(nil), tell()); diff != "" {
		t.Error(diff)
	}
}
