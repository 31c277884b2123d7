package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
)

const lruLimit = 4

func makeLRU(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore {
	return store.NewLRU(c, s, d, prefix, serde.String(), lists(), lruLimit)
}

// lruModel is a list of rows, the one used last in front.
type lruModel struct {
	*part
	rng         *rand.Rand
	rows, stood []lruRow
	step        int
}

type lruRow struct {
	Key   string
	Value string
}

// An LRU store holds what a list would, also after aborts, restarts and a restore.
func TestLRUModel(t *testing.T) {
	t.Parallel()
	property(t, func(t *testing.T, rng *rand.Rand, open func(t *testing.T) db.DB) {
		m := &lruModel{part: newPart(t, &graph.Store{Name: "lru"}, open(t), makeLRU), rng: rng}
		for m.step = range 500 {
			m.act()
		}
		m.commit()
		m.neighbours()
		m.ts = m.restored(open(t)).ts
		for m.step = range 100 { // which row goes is as it was
			m.use()
		}
	})
}

func (m *lruModel) store() *store.LRU[string, *list] { return m.ts.(*store.LRU[string, *list]) }

func (m *lruModel) act() {
	switch p := m.rng.IntN(100); {
	case p < 80:
		m.use()
	case p < 88:
		m.abort()
		m.rows = slices.Clone(m.stood)
	default:
		m.commit()
		m.stood = slices.Clone(m.rows)
		if p > 94 {
			m.reopen()
		}
	}
}

// use puts, gets or deletes.
func (m *lruModel) use() {
	m.t.Helper()
	k := shortKey(m.rng)
	i := slices.IndexFunc(m.rows, func(r lruRow) bool { return r.Key == k })
	was := "none"
	if i >= 0 {
		was = m.rows[i].Value
		m.rows = slices.Delete(m.rows, i, i+1)
	}
	var got string
	want := was
	switch p := m.rng.IntN(10); {
	case p < 5:
		v := &list{[]int64{int64(m.step)}}
		noError(m.t, m.store().Put(k, v, 1))
		m.rows = slices.Insert(m.rows, 0, lruRow{k, v.String()})
		m.rows = m.rows[:min(len(m.rows), lruLimit)]
		v.N[0] = -1 // the caller's; the store must not see it
		got, want = "put", "put"
	case p < 9:
		v, ok, err := m.store().Get(k)
		noError(m.t, err)
		if got = "none"; ok {
			got = v.String()
			m.rows = slices.Insert(m.rows, 0, lruRow{k, was})
		}
	default:
		v, ok, err := m.store().Delete(k, 1)
		noError(m.t, err)
		if got = "none"; ok {
			got = v.String()
		}
	}
	n, err := m.store().Len()
	noError(m.t, err)
	if diff := cmp.Diff(fmt.Sprint(want, " of ", len(m.rows)), fmt.Sprint(got, " of ", n)); diff != "" {
		m.t.Fatalf("step %d, key %q (-want +got):\n%s", m.step, k, diff)
	}
}
