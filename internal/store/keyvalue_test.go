package store_test

import (
	"cmp"
	"fmt"
	"iter"
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

type listStore = store.KeyValue[string, *list]

func makeLists(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore {
	return store.NewKeyValue(c, s, d, prefix, serde.String(), lists())
}

// row is a row as the model and the store under test both show it.
type row struct {
	Key, Value string
	TS         int64
}

// kvModel is a sorted map beside a store.
type kvModel struct {
	*part
	rng       *rand.Rand
	rows      map[string]row // uncommitted changes included
	committed map[string]row
	told      map[string]row // as Changed told of them
	writes    map[string]int // keys since the last commit, and the turns of their last writes
	turn      int
	step      int
}

func (m *kvModel) store() *listStore { return m.ts.(*listStore) }

// A store does what a sorted map would, whatever is committed, aborted and reopened in between.
func TestKeyValueModel(t *testing.T) {
	t.Parallel()
	property(t, func(t *testing.T, rng *rand.Rand, open func(t *testing.T) db.DB) {
		spec := &graph.Store{Name: "rows", EmitOnCommit: true}
		m := &kvModel{part: newPart(t, spec, open(t), makeLists), rng: rng, rows: map[string]row{}, committed: map[string]row{}, told: map[string]row{}, writes: map[string]int{}}
		m.store().KeepOld()
		for m.step = range 400 {
			m.act()
		}
		m.commitAndTell()
		m.scan()
		m.neighbours()
		again := m.restored(open(t))
		if diff := gocmp.Diff(m.between("", nil, false), collect(t, store.All(again.ts.(*listStore)))); diff != "" {
			t.Errorf("restored from the changelog (-want +got):\n%s", diff)
		}
	})
}

func (m *kvModel) act() {
	switch p := m.rng.IntN(100); {
	case m.step%200 == 150:
		m.bulk()
	case p < 25:
		m.change()
	case p < 40:
		m.share()
	case p < 50:
		m.remove(shortKey(m.rng))
	case p < 65:
		k := shortKey(m.rng)
		v, ts, ok, err := m.store().Get(k)
		noError(m.t, err)
		want, has := m.rows[k]
		if ok != has || has && (v.String() != want.Value || ts != want.TS) {
			m.t.Fatalf("step %d: Get(%q) = %v at %d, %v, want %v, %v", m.step, k, v, ts, ok, want, has)
		}
	case p < 80:
		m.scan()
	case p < 85:
		m.scanAndChange()
	case p < 92:
		m.commitAndTell()
	case p < 96:
		m.prepareAndAbort()
	default: // a crash: the changes are lost
		m.reopen()
		m.store().KeepOld()
		m.back()
	}
}

func (m *kvModel) wrote(k string) {
	m.turn++
	m.writes[k] = m.turn
}

// change does what an aggregator does: it changes the value in place and gives it back.
func (m *kvModel) change() {
	k, ts := shortKey(m.rng), m.rng.Int64N(1000)
	e, err := m.store().Entry(k)
	noError(m.t, err)
	v, err := m.store().Value(e)
	noError(m.t, err)
	if e.Has() && m.rng.IntN(2) == 0 {
		own, err := m.store().Copy(e)
		noError(m.t, err)
		if own.String() != v.String() {
			m.t.Fatalf("step %d: the copy of %v is %v", m.step, v, own)
		}
		own.N = append(own.N, -1) // must not reach the store
		if len(own.N) > 1 {
			own.N[0] = -1
		}
	}
	m.store().Touch(e)
	if v == nil {
		v = &list{}
	}
	v.N = append(v.N, int64(m.step))
	if len(v.N) > 3 {
		v.N = v.N[1:]
		v.N[0] *= 2
	}
	m.store().Set(e, v, ts)
	m.rows[k] = row{k, v.String(), ts}
	m.wrote(k)
}

// share puts a value that somebody else changes afterwards.
func (m *kvModel) share() {
	k, ts := shortKey(m.rng), m.rng.Int64N(1000)
	e, err := m.store().Entry(k)
	noError(m.t, err)
	v := &list{[]int64{int64(m.step)}}
	noError(m.t, m.store().SetShared(e, v, ts))
	m.rows[k] = row{k, v.String(), ts}
	v.N[0] = -1
	m.wrote(k)
}

func (m *kvModel) remove(k string) {
	e, err := m.store().Entry(k)
	noError(m.t, err)
	m.store().Remove(e, int64(m.step))
	delete(m.rows, k)
	m.wrote(k)
}

// bulk writes more rows than the overlay holds on to, and deletes them again.
func (m *kvModel) bulk() {
	for i := range 2_100 {
		k := fmt.Sprintf("c%d", i)
		e, err := m.store().Entry(k)
		noError(m.t, err)
		m.store().Set(e, &list{[]int64{int64(i)}}, 5)
		if i%100 != 0 {
			m.store().Remove(e, 6)
		} else {
			m.rows[k] = row{k, fmt.Sprint([]int64{int64(i)}), 5}
		}
		m.wrote(k)
	}
}

func (m *kvModel) commitAndTell() {
	m.t.Helper()
	type change struct{ Key, New, Old string }
	var want, got []change
	for _, k := range slices.SortedFunc(maps.Keys(m.writes), func(a, b string) int { return m.writes[a] - m.writes[b] }) {
		now, has := m.rows[k]
		old, had := m.told[k]
		c := change{Key: k, New: "absent", Old: "absent"}
		if has {
			c.New, m.told[k] = fmt.Sprintf("%s at %d", now.Value, now.TS), now
		} else {
			delete(m.told, k)
		}
		if had {
			c.Old = old.Value
		}
		if has || had {
			want = append(want, c)
		}
	}
	noError(m.t, m.store().Changed(func(e *store.Entry[*list], old *list, hadOld bool) error {
		k, err := m.store().KeyOf(e)
		noError(m.t, err)
		v, err := m.store().Value(e)
		noError(m.t, err)
		c := change{Key: k, New: "absent", Old: "absent"}
		if e.Has() {
			c.New = fmt.Sprintf("%s at %d", v, e.Timestamp())
		}
		if hadOld {
			c.Old = old.String()
		}
		got = append(got, c)
		return nil
	}))
	if diff := gocmp.Diff(want, got); diff != "" {
		m.t.Fatalf("step %d: Changed (-want +got):\n%s", m.step, diff)
	}
	m.commit()
	m.committed, m.writes = maps.Clone(m.rows), map[string]int{}
}

// prepareAndAbort is a commit that did not stand.
func (m *kvModel) prepareAndAbort() {
	if m.rng.IntN(2) == 0 {
		noError(m.t, m.store().Changed(func(*store.Entry[*list], *list, bool) error { return nil }))
		m.prepare()
	}
	m.abort()
	m.back()
}

func (m *kvModel) back() {
	m.rows, m.writes = maps.Clone(m.committed), map[string]int{}
	m.told = maps.Clone(m.committed)
}

func (m *kvModel) between(from string, to *string, backward bool) []row {
	rows := []row{}
	for k, r := range m.rows {
		if k >= from && (to == nil || k < *to) {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.Key, b.Key) })
	if backward {
		slices.Reverse(rows)
	}
	return rows
}

func (m *kvModel) scan() {
	m.t.Helper()
	from, to, backward := shortKey(m.rng), shortKey(m.rng), m.rng.IntN(2) == 0
	for what, x := range map[string]struct {
		want []row
		got  iter.Seq2[store.Row[string, *list], error]
	}{
		"All":   {m.between("", nil, false), store.All(m.store())},
		"Range": {m.between(from, &to, backward), store.Range(m.store(), from, to, backward)},
		"Prefix": {
			slices.DeleteFunc(m.between("", nil, false), func(r row) bool { return !strings.HasPrefix(r.Key, from) }),
			store.Prefix(m.store(), []byte(from)),
		},
	} {
		if diff := gocmp.Diff(x.want, collect(m.t, x.got)); diff != "" {
			m.t.Fatalf("step %d: %s from %q to %q, backward %v (-want +got):\n%s", m.step, what, from, to, backward, diff)
		}
	}
}

// scanAndChange changes the store under a scan, which goes on to show it as it was.
func (m *kvModel) scanAndChange() {
	want := m.between("", nil, false)
	var got []row
	for r, err := range store.All(m.store()) {
		noError(m.t, err)
		got = append(got, row{r.Key, r.Value.String(), r.Timestamp})
		if m.rng.IntN(2) == 0 {
			m.remove(shortKey(m.rng))
		} else {
			m.share()
		}
	}
	if len(want) == 0 {
		want = nil
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		m.t.Fatalf("step %d: All while the store changes (-want +got):\n%s", m.step, diff)
	}
}

func collect(t *testing.T, rows iter.Seq2[store.Row[string, *list], error]) []row {
	t.Helper()
	got := []row{}
	for r, err := range rows {
		noError(t, err)
		got = append(got, row{r.Key, r.Value.String(), r.Timestamp})
	}
	return got
}
