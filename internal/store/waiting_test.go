package store_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
)

func makeWaiting(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore {
	return store.NewWaiting(c, s, d, prefix)
}

// waitingModel is the records that wait, in the order in which they came.
type waitingModel struct {
	*part
	rng         *rand.Rand
	rows, stood []waiter
	step        int
}

type waiter struct {
	at    int64
	key   string
	value string
}

// What waits comes out by time, key and arrival, whatever is undone and restarted in between.
func TestWaitingModel(t *testing.T) {
	t.Parallel()
	property(t, func(t *testing.T, rng *rand.Rand, open func(t *testing.T) db.DB) {
		m := &waitingModel{part: newPart(t, &graph.Store{Name: "waiting"}, open(t), makeWaiting), rng: rng}
		for m.step = range 600 {
			m.act()
		}
		m.commit()
		m.neighbours()
		m.ts = m.restored(open(t)).ts
		for len(m.rows) > 0 {
			m.take()
		}
		m.take()
	})
}

func (m *waitingModel) store() *store.Waiting { return m.ts.(*store.Waiting) }

func (m *waitingModel) act() {
	m.t.Helper()
	switch p := m.rng.IntN(100); {
	case p < 50:
		r := waiter{m.rng.Int64N(40), shortKey(m.rng), fmt.Sprint(m.step)}
		h := store.Held{At: r.at, Topic: "t", Offset: int64(m.step), Headers: []graph.Header{{Key: "h", Value: []byte(r.value)}}, New: []byte(r.value)}
		noError(m.t, m.store().Put([]byte(r.key), h))
		m.rows = append(m.rows, r)
		slices.SortStableFunc(m.rows, func(a, b waiter) int { return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.key, b.key)) })
	case p < 85:
		m.take()
	case p < 90:
		m.abort()
		m.rows = slices.Clone(m.stood)
	default:
		m.commit()
		m.stood = slices.Clone(m.rows)
		if p > 95 {
			m.reopen()
		}
	}
}

// take compares the record that comes first.
func (m *waitingModel) take() {
	m.t.Helper()
	at, ok, err := m.store().First()
	noError(m.t, err)
	if !ok || len(m.rows) == 0 {
		if ok || len(m.rows) > 0 {
			m.t.Fatalf("step %d: one waits: %v, and there should be %d", m.step, ok, len(m.rows))
		}
		return
	}
	key, h, err := m.store().Take()
	noError(m.t, err)
	want := m.rows[0]
	m.rows = m.rows[1:]
	got := fmt.Sprintf("%q=%s at %d, header %s", key, h.New, at, h.Headers[0].Value)
	if diff := gocmp.Diff(fmt.Sprintf("%q=%s at %d, header %s", want.key, want.value, want.at, want.value), got); diff != "" {
		m.t.Fatalf("step %d (-want +got):\n%s", m.step, diff)
	}
}
