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

type sessionStore = store.Session[string, *list]

func makeSessions(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore {
	return store.NewSession(c, s, d, prefix, serde.String(), lists())
}

type session struct {
	Key        string
	Start, End int64
}

// sessionModel is a map of sessions beside a store that an aggregation uses, and what the aggregation has told downstream.
type sessionModel struct {
	*part
	rng             *rand.Rand
	gap             int64
	rows, committed map[session]string // those that expired too
	told            map[session]string // as ChangedSpans told of them
	observed, saved int64
	step            int
}

func (m *sessionModel) store() *sessionStore { return m.ts.(*sessionStore) }

// A session store does what a map of sessions would: sessions merge, expire and come back, and downstream hears of each
// session that is new, changed or merged away.
func TestSessionModel(t *testing.T) {
	t.Parallel()
	property(t, func(t *testing.T, rng *rand.Rand, open func(t *testing.T) db.DB) {
		const gap = 120_000
		spec := &graph.Store{Name: "sessions", Retention: gap + 60_000*rng.Int64N(2), Memory: rng.IntN(2) == 0, EmitOnCommit: true}
		m := &sessionModel{
			part: newPart(t, spec, open(t), makeSessions), rng: rng, gap: gap, observed: -1, saved: -1,
			rows: map[session]string{}, committed: map[session]string{}, told: map[session]string{},
		}
		m.store().KeepOld()
		for m.step = range 500 {
			m.act()
		}
		m.settle()
		again := m.restored(open(t))
		if diff := gocmp.Diff(m.visible(), collectSessions(t, again.ts.(*sessionStore))); diff != "" {
			t.Errorf("restored from the changelog (-want +got):\n%s", diff)
		}
	})
}

func (m *sessionModel) act() {
	switch p := m.rng.IntN(100); {
	case m.step%250 == 200:
		for i := range 2_100 { // more keys than the overlay holds on to
			m.record(fmt.Sprintf("c%d", i), max(0, m.observed))
		}
	case p < 65:
		m.record(shortKey(m.rng), max(0, m.observed+10_000*(m.rng.Int64N(27)-15)))
	case p < 68:
		m.record(shortKey(m.rng), max(0, m.observed)+400_000)
	case p < 78:
		if want, got := m.visible(), collectSessions(m.t, m.store()); !slices.Equal(want, got) {
			m.t.Fatalf("step %d: All (-want +got):\n%s", m.step, gocmp.Diff(want, got))
		}
	case p < 92:
		m.settle()
	case p < 96:
		noError(m.t, m.store().ChangedSpans(func(string, store.Span[*list], bool, **list) error { return nil }))
		m.abort()
		m.back()
	default:
		m.reopen()
		m.store().KeepOld()
		m.back()
	}
}

func (m *sessionModel) back() { m.rows, m.observed = maps.Clone(m.committed), m.saved }

func (m *sessionModel) seen(x session) bool { return x.End > m.observed-m.spec.Retention }

// record does what an aggregation does with a record: it merges the sessions that the record touches.
func (m *sessionModel) record(k string, ts int64) {
	e, spans, err := m.store().Entry(k)
	noError(m.t, err)
	next := store.Span[*list]{Start: ts, End: ts, Value: &list{}}
	var merged []store.Span[*list]
	for _, x := range spans {
		if x.End >= ts-m.gap && x.Start <= ts+m.gap && m.store().Seen(x.End) {
			merged = append(merged, x)
			next.Start, next.End = min(next.Start, x.Start), max(next.End, x.End)
		}
	}
	m.store().Touch(e)
	for _, x := range merged {
		id := session{k, x.Start, x.End}
		if want, ok := m.rows[id]; !ok || want != x.Value.String() {
			m.t.Fatalf("step %d: session %v is %v, want %q", m.step, id, x.Value, want)
		}
		delete(m.rows, id)
		next.Value.N = append(next.Value.N, x.Value.N...)
	}
	next.Value.N = append(next.Value.N, int64(m.step))
	m.observed = max(m.observed, next.End)
	put := m.store().Admit(next.End) && m.rng.IntN(8) > 0
	if put {
		m.rows[session{k, next.Start, next.End}] = next.Value.String()
	}
	m.store().Merge(e, spans, merged, next, put)
	if len(m.rows) > 2_000 {
		return // the search below takes long
	}
	for x := range m.rows { // the model must know no session that the record should have touched
		if x.Key == k && x != (session{k, next.Start, next.End}) && m.seen(x) && x.End >= ts-m.gap && x.Start <= ts+m.gap {
			m.t.Fatalf("step %d: a record at %d did not find session %v", m.step, ts, x)
		}
	}
}

// settle tells downstream and commits.
func (m *sessionModel) settle() {
	m.t.Helper()
	noError(m.t, m.store().ChangedSpans(func(k string, x store.Span[*list], gone bool, old **list) error {
		id := session{k, x.Start, x.End}
		was, had := m.told[id]
		switch {
		case old != nil && (*old).String() != was:
			m.t.Fatalf("step %d: the old value of %v is %v, want %q", m.step, id, *old, was)
		case old == nil && had && m.seen(id):
			m.t.Fatalf("step %d: the old value of %v is missing, want %q", m.step, id, was)
		case gone && !had:
			m.t.Fatalf("step %d: downstream is told that %v is gone, and never heard of it", m.step, id)
		}
		if gone {
			delete(m.told, id)
		} else {
			m.told[id] = x.Value.String()
		}
		return nil
	}))
	m.commit()
	m.committed, m.saved = maps.Clone(m.rows), m.observed
	if !maps.Equal(m.rows, m.told) {
		m.t.Fatalf("step %d: what downstream was told adds up to (-want +got):\n%s", m.step, gocmp.Diff(m.rows, m.told))
	}
	m.neighbours()
	m.swept()
}

// swept checks the DB: no row may be left whose last session expired a segment ago, and each row has a place in the index.
func (m *sessionModel) swept() {
	m.t.Helper()
	interval := store.SegmentInterval(m.spec.Retention)
	floor := max(0, m.observed-m.spec.Retention) / interval
	it, err := m.d.Iter(append(slices.Clone(prefix), 0), append(slices.Clone(prefix), 1))
	noError(m.t, err)
	for it.Next() {
		bucket := int64(binary.BigEndian.Uint64(it.Value())) / interval
		key := slices.Clone(it.Key()[3:])
		if bucket < floor {
			m.t.Fatalf("step %d: the row of %q is left in the DB, its bucket is %d of %d", m.step, key, bucket, floor)
		}
		index := binary.BigEndian.AppendUint64(append(slices.Clone(prefix), 1), uint64(bucket))
		if _, ok, err := m.d.Get(append(index, key...)); err != nil || !ok {
			m.t.Fatalf("step %d: the row of %q has no place in bucket %d of the index (%v): it would never be swept", m.step, key, bucket, err)
		}
	}
	noError(m.t, it.Close())
}

func (m *sessionModel) visible() []string {
	var ids []session
	for x := range m.rows {
		if m.seen(x) {
			ids = append(ids, x)
		}
	}
	slices.SortFunc(ids, func(a, b session) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.End, b.End), cmp.Compare(a.Start, b.Start))
	})
	rows := []string{}
	for _, x := range ids {
		rows = append(rows, fmt.Sprintf("%q [%d, %d] %s", x.Key, x.Start, x.End, m.rows[x]))
	}
	return rows
}

func collectSessions(t *testing.T, s *sessionStore) []string {
	t.Helper()
	rows := []string{}
	for r, err := range store.AllSessions(s) {
		noError(t, err)
		rows = append(rows, fmt.Sprintf("%q [%d, %d] %s", r.Key, r.Start, r.End, r.Value))
	}
	return rows
}

// A session of a gap as long as the retention is merged by the very record that makes it expire: downstream must hear
// that it is gone.
func TestSessionMergedAsItExpires(t *testing.T) {
	t.Parallel()
	p := newPart(t, &graph.Store{Name: "sessions", Retention: 100_000, EmitOnCommit: true}, disks["memory"](t), makeSessions)
	m := &sessionModel{
		part: p, rng: rand.New(rand.NewPCG(2, 2)), gap: 100_000, observed: -1,
		rows: map[session]string{}, committed: map[session]string{}, told: map[session]string{},
	}
	for _, ts := range []int64{0, 100_000, 200_000} {
		m.step++
		m.record("k", ts)
		m.settle()
	}
	if want := map[session]string{{"k", 0, 200_000}: "[1 2 3]"}; !maps.Equal(want, m.told) {
		t.Errorf("downstream knows %v, want %v", m.told, want)
	}
}

// A session that is removed in the interval in which it was made leaves nothing behind, also not the belief that its row
// has a place in the index: the next one of its time needs it.
func TestSessionIndex(t *testing.T) {
	t.Parallel()
	p := newPart(t, &graph.Store{Name: "sessions", Retention: 100_000}, disks["memory"](t), makeSessions)
	s := p.ts.(*sessionStore)
	put := func(at int64, put bool) {
		e, spans, err := s.Entry("k")
		noError(t, err)
		s.Touch(e)
		s.Merge(e, spans, spans, store.Span[*list]{Start: at, End: at, Value: &list{}}, s.Admit(at) && put)
	}
	put(5, true)
	put(6, false)
	p.commit()
	put(7, true)
	p.commit()
	m := &sessionModel{part: p, observed: 7}
	m.swept()
	e, _, err := s.Entry("other")
	noError(t, err)
	s.Touch(e)
	s.Merge(e, nil, nil, store.Span[*list]{Start: 500_000, End: 500_000, Value: &list{}}, s.Admit(500_000))
	p.commit()
	m.observed = 500_000
	m.swept()
}

// The copies that an aggregation keeps of old sessions do not change with the sessions.
func TestCopySpans(t *testing.T) {
	t.Parallel()
	p := newPart(t, &graph.Store{Name: "sessions", Retention: 100}, disks["memory"](t), makeSessions)
	spans := []store.Span[*list]{{Start: 1, End: 2, Value: &list{[]int64{1}}}}
	copied, err := p.ts.(*sessionStore).CopySpans(spans)
	noError(t, err)
	spans[0].Value.N[0] = 9
	if got := fmt.Sprint(copied[0].Start, copied[0].End, copied[0].Value); got != "1 2 [1]" {
		t.Errorf("the copy is %s", got)
	}
}
