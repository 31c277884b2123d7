package store_test

import (
	"cmp"
	"fmt"
	"iter"
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

// timed is a row of a store whose rows have a time: a window's start, or a session's end.
type timed struct {
	key         string
	start, time int64
	value       int64
}

func (r timed) String() string { return fmt.Sprintf("%q@%d-%d=%d", r.key, r.start, r.time, r.value) }

// fetchModel is a list of the rows of such a store in the order in which they were put.
type fetchModel struct {
	*part
	rng              *rand.Rand
	kind             fetchKind
	rows, stood      []timed
	observed, stoodT int64
	step             int
}

// fetchKind is a kind of store under test.
type fetchKind struct {
	sessions, duplicates bool
	make                 func(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore
	put                  func(ts graph.TaskStore, r timed) error
	remove               func(ts graph.TaskStore, r timed) error // nil: rows are not removed
	fetch                func(ts graph.TaskStore, q store.Query[string]) iter.Seq2[timed, error]
}

var fetchKinds = map[string]fetchKind{
	"windows": {
		make: func(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore {
			return store.NewWindow(c, s, d, prefix, serde.String(), serde.Int64())
		},
		put: func(ts graph.TaskStore, r timed) error {
			w := ts.(*store.Window[string, int64])
			if !w.Admit(r.time) {
				return nil
			}
			e, _, err := w.Entry(r.key, r.start)
			if err != nil {
				return err
			}
			return w.SetShared(e, r.value, 0)
		},
		remove: func(ts graph.TaskStore, r timed) error {
			w := ts.(*store.Window[string, int64])
			e, _, err := w.Entry(r.key, r.start)
			if err == nil && e.Has() {
				w.Remove(e, 0)
			}
			return err
		},
		fetch: func(ts graph.TaskStore, q store.Query[string]) iter.Seq2[timed, error] {
			return windows(store.FetchWindows(ts.(*store.Window[string, int64]), q))
		},
	},
	"duplicates": {
		duplicates: true,
		make: func(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore {
			return store.NewDuplicates(c, s, d, prefix, serde.String(), serde.Int64())
		},
		put: func(ts graph.TaskStore, r timed) error {
			w := ts.(*store.Duplicates[string, int64])
			if !w.Admit(r.time) {
				return nil
			}
			return w.Add(r.key, r.start, r.value, 0)
		},
		fetch: func(ts graph.TaskStore, q store.Query[string]) iter.Seq2[timed, error] {
			return windows(store.FetchDuplicates(ts.(*store.Duplicates[string, int64]), q))
		},
	},
	"sessions": {
		sessions: true,
		make: func(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore {
			return store.NewSession(c, s, d, prefix, serde.String(), serde.Int64())
		},
		put: func(ts graph.TaskStore, r timed) error {
			s := ts.(*store.Session[string, int64])
			if !s.Admit(r.time) {
				return nil
			}
			return store.PutSession(s, r.key, store.Span[int64]{Start: r.start, End: r.time, Value: r.value})
		},
		remove: func(ts graph.TaskStore, r timed) error {
			return store.RemoveSession(ts.(*store.Session[string, int64]), r.key, r.start, r.time)
		},
		fetch: func(ts graph.TaskStore, q store.Query[string]) iter.Seq2[timed, error] {
			return func(yield func(timed, error) bool) {
				for r, err := range store.FindSessions(ts.(*store.Session[string, int64]), q) {
					if !yield(timed{r.Key, r.Start, r.End, r.Value}, err) {
						return
					}
				}
			}
		},
	},
}

func windows(from iter.Seq2[store.WindowRow[string, int64], error]) iter.Seq2[timed, error] {
	return func(yield func(timed, error) bool) {
		for r, err := range from {
			if !yield(timed{r.Key, r.Start, r.Start, r.Value}, err) {
				return
			}
		}
	}
}

// Stores of windows and sessions give the rows that a list would, in their order.
func TestFetchModel(t *testing.T) {
	t.Parallel()
	for name, kind := range fetchKinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			property(t, func(t *testing.T, rng *rand.Rand, open func(t *testing.T) db.DB) {
				spec := &graph.Store{Name: name, Retention: windowRetention, Memory: rng.IntN(2) == 0}
				m := &fetchModel{part: newPart(t, spec, open(t), kind.make), rng: rng, kind: kind, observed: -1, stoodT: -1}
				for m.step = range 500 {
					m.act()
				}
				m.commit()
				m.neighbours()
				m.fetch()
				m.ts = m.restored(open(t)).ts
				for range 20 {
					m.fetch()
				}
			})
		})
	}
}

func (m *fetchModel) act() {
	switch p := m.rng.IntN(100); {
	case p < 50:
		m.put()
	case p < 60 && m.kind.remove != nil && len(m.rows) > 0:
		r := m.rows[m.rng.IntN(len(m.rows))]
		noError(m.t, m.kind.remove(m.ts, r))
		m.drop(r)
	case p < 85:
		m.fetch()
	case p < 90:
		m.abort()
		m.rows, m.observed = slices.Clone(m.stood), m.stoodT
	default:
		m.commit()
		m.stood, m.stoodT = slices.Clone(m.rows), m.observed
		if p > 95 {
			m.reopen()
		}
	}
}

func (m *fetchModel) drop(r timed) {
	m.rows = slices.DeleteFunc(m.rows, func(o timed) bool { return o.key == r.key && o.start == r.start && o.time == r.time })
}

// time moves over a few retentions in the course of a run.
func (m *fetchModel) time() int64 {
	if m.rng.IntN(5) == 0 {
		return max(0, m.observed-m.rng.Int64N(2*windowRetention))
	}
	return max(0, m.observed) + m.rng.Int64N(windowRetention/40)
}

func (m *fetchModel) put() {
	m.t.Helper()
	at := m.time()
	r := timed{shortKey(m.rng), at, at, int64(m.step)}
	if m.kind.sessions {
		r.start = max(0, at-m.rng.Int64N(windowRetention))
	}
	noError(m.t, m.kind.put(m.ts, r))
	m.observed = max(m.observed, r.time)
	if !m.kind.duplicates {
		m.drop(r)
	}
	m.rows = append(m.rows, r)
}

// fetch compares a random query.
func (m *fetchModel) fetch() {
	m.t.Helper()
	q := store.Query[string]{First: m.time(), Last: m.time(), Backward: m.rng.IntN(2) == 0}
	if m.rng.IntN(2) == 0 {
		q.First, q.Last = 0, 1<<63-1
	}
	switch m.rng.IntN(3) {
	case 0:
		q.Key = new(shortKey(m.rng))
	case 1:
		if m.rng.IntN(2) == 0 {
			q.From = new(shortKey(m.rng))
		}
		q.To = new(shortKey(m.rng))
	}
	var got []string
	for r, err := range m.kind.fetch(m.ts, q) {
		noError(m.t, err)
		got = append(got, r.String())
	}
	if diff := gocmp.Diff(m.expect(q), got); diff != "" {
		m.t.Fatalf("step %d, of rows in memory %v: %s (-want +got):\n%s", m.step, m.spec.Memory, m.show(q), diff)
	}
}

func (m *fetchModel) show(q store.Query[string]) string {
	text := func(k *string) string {
		if k == nil {
			return "open"
		}
		return fmt.Sprintf("%q", *k)
	}
	return fmt.Sprintf("key %s, from %s to %s, times %d to %d with %d observed, backward %v", text(q.Key), text(q.From), text(q.To), q.First, q.Last, m.observed, q.Backward)
}

func (m *fetchModel) expect(q store.Query[string]) []string {
	rows := slices.DeleteFunc(slices.Clone(m.rows), func(r timed) bool {
		if m.kind.sessions && (r.time < q.First || r.start > q.Last) || !m.kind.sessions && (r.time < q.First || r.time > q.Last) {
			return true
		}
		return q.Key != nil && r.key != *q.Key || q.From != nil && r.key < *q.From || q.To != nil && r.key > *q.To || r.time <= m.observed-windowRetention
	})
	slices.SortStableFunc(rows, func(a, b timed) int {
		byKey := strings.Compare(a.key, b.key)
		switch {
		case m.kind.sessions && m.spec.Memory:
			return cmp.Or(cmp.Compare(a.time, b.time), byKey, cmp.Compare(b.start, a.start))
		case m.kind.sessions:
			return cmp.Or(byKey, cmp.Compare(a.time, b.time), cmp.Compare(a.start, b.start))
		case m.spec.Memory || q.Key != nil:
			return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(m.encoded(a), m.encoded(b)))
		default:
			return cmp.Or(cmp.Compare(a.time/windowSegment, b.time/windowSegment), cmp.Compare(m.encoded(a), m.encoded(b)))
		}
	})
	if q.Backward {
		slices.Reverse(rows)
	}
	var all []string
	for _, r := range rows {
		all = append(all, r.String())
	}
	return all
}

// encoded is a row's key as it is ordered within its segment: of duplicates, the number of the put follows the start.
func (m *fetchModel) encoded(r timed) string {
	k := windowRow{Key: r.key, Start: r.start}.encoded()
	if m.kind.duplicates {
		k += windowRow{Start: r.value + 1}.encoded()
	}
	return k
}
