package store_test

import (
	"encoding/binary"
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

// closing is a store of windows, or of sessions, that tells of what is closed, beside a map that does the same.
type closing struct {
	*part
	rng       *rand.Rand
	sessions  bool
	rows      map[session]string // those that were not told of
	committed map[session]string
	from      int64 // the bound
	saved     int64
	step      int
	told      []string
	restarts  int
}

// makeClosing makes the store and the number that an operator would register for it.
func (m *closing) makeClosing(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore {
	m.from = 0
	if m.sessions {
		ss := store.NewSession(c, s, d, prefix, serde.String(), lists())
		noError(m.t, ss.Index(true))
		ss.Await(&m.from)
		return ss
	}
	ws := store.NewWindow(c, s, d, prefix, serde.String(), lists())
	noError(m.t, ws.Index(true))
	ws.Await(&m.from)
	return ws
}

// Whatever is put is told of once it is closed, in order of time, once for each commit that stands; aborts take the telling back,
// and restarts, with the DB or from the changelog, do not change it.
func TestClosedModel(t *testing.T) {
	t.Parallel()
	for _, sessions := range []bool{false, true} {
		t.Run(fmt.Sprintf("sessions %v", sessions), func(t *testing.T) {
			property(t, func(t *testing.T, rng *rand.Rand, open func(t *testing.T) db.DB) {
				m := &closing{rng: rng, sessions: sessions, rows: map[session]string{}, committed: map[session]string{}}
				m.part = &part{t: t}
				m.part = newPart(t, &graph.Store{Name: "closing", Retention: 150_000, Memory: rng.IntN(2) == 0}, open(t), m.makeClosing)
				told := 0
				for m.step = range 600 {
					m.act(open)
					told += len(m.told)
				}
				if told < 50 || m.restarts < 5 {
					t.Errorf("told of %d, %d restarts: too dull to prove anything", told, m.restarts)
				}
			})
		})
	}
}

func (m *closing) act(open func(t *testing.T) db.DB) {
	m.told = nil
	switch p := m.rng.IntN(100); {
	case p < 70:
		m.put([]string{"a", "ab", "b", "b\x00"}[m.rng.IntN(4)], m.from+m.rng.Int64N(100_000)) // what is not closed has not expired
	case p < 82:
		m.close(m.from + m.rng.Int64N(60_000))
	case p < 92:
		m.commit()
		m.committed, m.saved = maps.Clone(m.rows), m.from
	case p < 96:
		m.abort()
		m.back()
	default:
		m.restarts++
		if m.rng.IntN(2) == 0 {
			r := m.restored(open(m.t))
			r.log, r.logged = m.log, m.logged
			m.part = r
		} else {
			m.reopen()
		}
		m.back()
	}
}

func (m *closing) back() { m.rows, m.from = maps.Clone(m.committed), m.saved }

// put puts a row or takes it away again.
func (m *closing) put(k string, at int64) {
	id, v := session{k, at, at}, &list{N: []int64{int64(m.step)}}
	gone := m.rng.IntN(5) == 0
	if m.sessions {
		ss := m.ts.(*sessionStore)
		e, spans, err := ss.Entry(k)
		noError(m.t, err)
		id.Start = max(0, at-m.rng.Int64N(3))
		ss.Touch(e)
		if !ss.Admit(at) {
			return
		}
		ss.New(e, id.Start, at)
		ss.Merge(e, spans, spansOf(spans, id), store.Span[*list]{Start: id.Start, End: at, Value: v}, !gone)
	} else {
		ws := m.ts.(*windowStore)
		e, _, err := ws.Entry(k, at)
		noError(m.t, err)
		ws.Touch(e)
		switch {
		case !ws.Admit(at):
			return
		case gone:
			ws.Remove(e, at)
		default:
			if !e.Has() {
				ws.New(e)
			}
			ws.Set(e, v, at)
		}
	}
	if delete(m.rows, id); !gone {
		m.rows[id] = v.String()
	}
}

// spansOf is the session of those bounds.
func spansOf(spans []store.Span[*list], id session) []store.Span[*list] {
	return slices.DeleteFunc(slices.Clone(spans), func(x store.Span[*list]) bool { return x.Start != id.Start || x.End != id.End })
}

// close compares what is told of.
func (m *closing) close(last int64) {
	tell := func(id session, v *list) error {
		m.told = append(m.told, fmt.Sprintf("%d %q %d: %s", id.End, id.Key, id.Start, v))
		return nil
	}
	var want []session
	for id := range m.rows {
		if id.End <= last {
			want = append(want, id)
		}
	}
	disk := m.sessions && !m.spec.Memory
	slices.SortFunc(want, func(a, b session) int {
		switch x, y := a, b; {
		case x.End != y.End:
			return int(x.End - y.End)
		case disk && x.Start != y.Start:
			return int(x.Start - y.Start)
		default:
			return strings.Compare(dueKey(x, m.spec.Memory && m.sessions), dueKey(y, m.spec.Memory && m.sessions))
		}
	})
	var lines []string
	for _, id := range want {
		lines = append(lines, fmt.Sprintf("%d %q %d: %s", id.End, id.Key, id.Start, m.rows[id]))
		delete(m.rows, id)
	}
	if m.sessions {
		noError(m.t, m.ts.(*sessionStore).Closed(last, func(k string, x *store.Span[*list]) error {
			return tell(session{k, x.Start, x.End}, x.Value)
		}))
	} else {
		ws := m.ts.(*windowStore)
		noError(m.t, ws.Closed(last, func(e *store.Entry[*list]) error {
			k, err := ws.KeyOf(e)
			noError(m.t, err)
			v, err := ws.Value(e)
			noError(m.t, err)
			return tell(session{k, e.StartOf(), e.StartOf()}, v)
		}))
	}
	if diff := gocmp.Diff(lines, m.told); diff != "" {
		m.t.Fatalf("step %d: closed up to %d (-want +got):\n%s", m.step, last, diff)
	}
	if m.from != last+1 {
		m.t.Fatalf("step %d: the bound is %d, want %d", m.step, m.from, last+1)
	}
}

// dueKey is a key as it is ordered, which in memory has the session's start behind it.
func dueKey(id session, withStart bool) string {
	if !withStart {
		return id.Key
	}
	return string(binary.BigEndian.AppendUint64([]byte(id.Key), uint64(id.Start)))
}

// A store whose rows were put when nobody waited for them tells of all that are not closed yet; so does one that was used without the
// index for a while.
func TestIndexOfOldRows(t *testing.T) {
	t.Parallel()
	for name, open := range disks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, spec := open(t), &graph.Store{Name: "old", Retention: 1_000_000}
			type both struct {
				ws *windowStore
				ss *sessionStore
			}
			with := func(wanted bool, from *int64) (b both) {
				b.ws = store.NewWindow(&graph.Context{}, spec, d, []byte{0, 1}, serde.String(), lists())
				b.ss = store.NewSession(&graph.Context{}, spec, d, []byte{0, 2}, serde.String(), lists())
				noError(t, b.ws.Index(wanted))
				noError(t, b.ss.Index(wanted))
				if wanted {
					b.ws.Await(from)
					b.ss.Await(new(*from))
				}
				return b
			}
			put := func(b both, k string, at int64) {
				e, _, err := b.ws.Entry(k, at)
				noError(t, err)
				b.ws.Set(e, &list{}, at)
				s, spans, err := b.ss.Entry(k)
				noError(t, err)
				b.ss.Touch(s)
				b.ss.Merge(s, spans, nil, store.Span[*list]{Start: at - 1, End: at, Value: &list{}}, true)
			}
			commit := func(b both) {
				for _, ts := range []graph.TaskStore{b.ws, b.ss} {
					noError(t, ts.Log(func(_, _ []byte, _ int64) error { return nil }))
					batch := d.Batch()
					noError(t, ts.Apply(batch))
					noError(t, batch.Commit())
				}
			}
			closed := func(b both, last int64) string {
				var told []string
				noError(t, b.ws.Closed(last, func(e *store.Entry[*list]) error {
					k, err := b.ws.KeyOf(e)
					told = append(told, fmt.Sprintf("%s@%d", k, e.StartOf()))
					return err
				}))
				noError(t, b.ss.Closed(last, func(k string, x *store.Span[*list]) error {
					told = append(told, fmt.Sprintf("%s@%d/%d", k, x.Start, x.End))
					return nil
				}))
				return strings.Join(told, " ")
			}
			plain := with(false, nil)
			put(plain, "a", 10)
			put(plain, "b", 20)
			put(plain, "a", 30)
			commit(plain)
			from := int64(15)
			b := with(true, &from)
			for _, what := range []string{"waited for at first", "after an abort, too"} {
				if got := closed(b, 25); got != "b@20 b@19/20" {
					t.Errorf("%s: %q", what, got)
				}
				b.ws.Abort()
				b.ss.Abort()
				from = 15
				b.ss.Await(new(from))
			}
			b = with(true, new(int64(15)))
			if got := closed(b, 25); got != "b@20 b@19/20" {
				t.Errorf("waited for: %q", got)
			}
			commit(b) // the index is whole now
			b = with(true, new(int64(26)))
			if got := closed(b, 100); got != "a@30 a@29/30" {
				t.Errorf("after a restart: %q", got)
			}
			plain = with(false, nil)
			put(plain, "c", 200)
			commit(plain)
			if got := closed(with(true, new(int64(101))), 300); got != "c@200 c@199/200" {
				t.Errorf("waited for again: %q", got)
			}
		})
	}
}
