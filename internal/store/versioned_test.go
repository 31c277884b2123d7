package store_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
)

const history = 90_000

type versionedStore = store.Versioned[string, *list]

func makeVersions(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore {
	return store.NewVersioned(c, s, d, prefix, serde.String(), lists())
}

// versionModel is every version that was ever put and not refused, by key and timestamp. nil is a delete.
type versionModel struct {
	*part
	rng              *rand.Rand
	versions, stood  map[string]map[int64]*list
	observed, stoodT int64
	step             int
}

func (m *versionModel) store() *versionedStore { return m.ts.(*versionedStore) }

// A versioned store does what a map of all versions would, of which look-ups see those that are not older than its history. (What
// Kafka Streams makes of a delete that takes the place of a value is left to the conformance vectors.)
func TestVersionedModel(t *testing.T) {
	t.Parallel()
	property(t, func(t *testing.T, rng *rand.Rand, open func(t *testing.T) db.DB) {
		spec := &graph.Store{Name: "versions", Retention: history, Versioned: true}
		m := &versionModel{part: newPart(t, spec, open(t), makeVersions), rng: rng, observed: -1, stoodT: -1, versions: map[string]map[int64]*list{}, stood: map[string]map[int64]*list{}}
		for m.step = range 800 {
			m.act()
		}
		m.commit()
		m.neighbours()
		m.compare(m.store(), "in the end")
		m.compare(m.restored(open(t)).ts.(*versionedStore), "restored from the changelog")
		m.bounded()
	})
}

func (m *versionModel) act() {
	k := shortKey(m.rng)
	switch p := m.rng.IntN(100); {
	case p < 55:
		m.put(k)
	case p < 85:
		m.look(m.store(), k, m.time(), "")
	case p < 92:
		m.commit()
		m.stood, m.stoodT = clone2(m.versions), m.observed
	case p < 96:
		m.abort()
		m.versions, m.observed = clone2(m.stood), m.stoodT
	default:
		m.commit()
		m.stood, m.stoodT = clone2(m.versions), m.observed
		m.reopen()
	}
}

func clone2(from map[string]map[int64]*list) map[string]map[int64]*list {
	to := map[string]map[int64]*list{}
	for k, v := range from {
		to[k] = maps.Clone(v)
	}
	return to
}

// time is mostly near the observed time, which moves over many histories in the course of a run.
func (m *versionModel) time() int64 {
	switch m.rng.IntN(8) {
	case 0:
		return max(0, m.observed-m.rng.Int64N(2*history))
	case 1:
		return max(0, m.observed) + m.rng.Int64N(history/4)
	default:
		return max(0, m.observed-m.rng.Int64N(history/8)+m.rng.Int64N(3000))
	}
}

func (m *versionModel) put(k string) {
	m.t.Helper()
	ts := m.time()
	v := &list{[]int64{int64(m.step)}}
	null := m.rng.IntN(4) == 0
	if old, there := m.versions[k][ts]; null && there && old != nil {
		return
	}
	got, err := m.store().Put(k, v, null, ts)
	noError(m.t, err)
	v.N[0] = -1 // the caller's; the store must not see it
	if ts < m.observed-history {
		if got != store.NotPut {
			m.t.Fatalf("step %d: a put at %d, with %d observed, returned %d", m.step, ts, m.observed, got)
		}
		return
	}
	m.observed = max(m.observed, ts)
	if m.versions[k] == nil {
		m.versions[k] = map[int64]*list{}
	}
	m.versions[k][ts] = &list{[]int64{int64(m.step)}}
	if null {
		m.versions[k][ts] = nil
	}
	want := store.OpenVersion
	for _, from := range slices.Sorted(maps.Keys(m.versions[k])) {
		if from > ts {
			want = from
			break
		}
	}
	if got != want {
		m.t.Fatalf("step %d: %q at %d is valid to %d, want %d", m.step, k, ts, got, want)
	}
}

// look compares both look-ups of a key.
func (m *versionModel) look(s *versionedStore, k string, at int64, where string) {
	m.t.Helper()
	times := slices.Sorted(maps.Keys(m.versions[k]))
	valid := func(at int64) string {
		i, found := slices.BinarySearch(times, at)
		if !found {
			i--
		}
		if i < 0 || i < len(times)-1 && at < m.observed-history || m.versions[k][times[i]] == nil {
			return "none"
		}
		return fmt.Sprint(m.versions[k][times[i]], " from ", times[i])
	}
	is := func(v *list, ts int64, ok bool, err error) string {
		m.t.Helper()
		noError(m.t, err)
		if !ok {
			return "none"
		}
		return fmt.Sprint(v, " from ", ts)
	}
	if diff := cmp.Diff(valid(at), is(s.GetAt(k, at))); diff != "" {
		m.t.Fatalf("step %d: %q at %d, with %d observed%s (-want +got):\n%s", m.step, k, at, m.observed, where, diff)
	}
	if diff := cmp.Diff(valid(1<<62), is(s.Get(k))); diff != "" {
		m.t.Fatalf("step %d: %q%s (-want +got):\n%s", m.step, k, where, diff)
	}
}

func (m *versionModel) compare(s *versionedStore, where string) {
	m.t.Helper()
	for k := range m.versions {
		for range 20 {
			m.look(s, k, m.time(), ", "+where)
		}
	}
}

// bounded checks that what has expired is gone: from the DB, and from the changelog.
func (m *versionModel) bounded() {
	m.t.Helper()
	_, err := m.store().Put("new", &list{}, false, m.observed+10*history)
	noError(m.t, err)
	m.commit()
	it, err := m.d.Iter(prefix, []byte{0, 8})
	noError(m.t, err)
	rows := 0
	for it.Next() {
		rows++
	}
	noError(m.t, it.Err())
	noError(m.t, it.Close())
	live := 0
	for _, versions := range m.versions {
		if versions[slices.Max(slices.Collect(maps.Keys(versions)))] != nil {
			live++
		}
	}
	inLog := 0
	for _, there := range m.logged {
		if there {
			inLog++
		}
	}
	if want := live + 1; rows != want || inLog != want {
		m.t.Errorf("%d rows in the DB and %d in the changelog after all has expired, want %d: the latest versions", rows, inLog, want)
	}
}
