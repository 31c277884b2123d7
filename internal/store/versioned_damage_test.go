package store_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
)

// Bytes that a store with versions, duplicates, a bound or records that wait did not write are an error that names the store and
// says what to do.
func TestDamagedRows(t *testing.T) {
	t.Parallel()
	eight := strings.Repeat("\x00", 8)
	at := func(n byte) string { return eight[:7] + string([]byte{n}) }
	duplicates := func(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore {
		return store.NewDuplicates(c, s, d, prefix, serde.String(), lists())
	}
	get := func(p *part) error {
		_, _, _, err := p.ts.(*versionedStore).Get("a")
		return err
	}
	getOld := func(p *part) error {
		if _, err := p.ts.(*versionedStore).Put("a", &list{}, false, 100); err != nil {
			return err
		}
		_, _, _, err := p.ts.(*versionedStore).GetAt("a", 50)
		return err
	}
	sweep := func(p *part) error {
		if _, err := p.ts.(*versionedStore).Put("b", &list{}, false, 1_000_000); err != nil {
			return err
		}
		return p.ts.Log(func(_, _ []byte, _ int64) error { return nil })
	}
	putOver := func(p *part) error {
		_, err := p.ts.(*versionedStore).Put("a", &list{}, true, 100)
		return err
	}
	use := func(p *part) error {
		_, _, err := p.ts.(*store.LRU[string, *list]).Get("a")
		return err
	}
	take := func(p *part) error {
		if _, _, err := p.ts.(*store.Waiting).First(); err != nil {
			return err
		}
		_, _, err := p.ts.(*store.Waiting).Take()
		return err
	}
	restore := func(p *part) error { return p.ts.Restore(p.d.Batch(), []byte("\x07"), []byte("\x01\x80"), 1) }
	for _, row := range []struct {
		name       string
		make       func(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore
		key, value string
		read       func(p *part) error
	}{
		{"a version without a timestamp", makeVersions, "\x00a", "1234567", get},
		{"a version without its kind", makeVersions, "\x00a", eight, get},
		{"a version of no kind", makeVersions, "\x00a", eight + "\x09", get},
		{"a delete with a value", makeVersions, "\x00a", eight + "\x00\x80", get},
		{"a version whose value does not decode", makeVersions, "\x00a", eight + "\x01\xc1", get},
		{"a version without its kind, put over", makeVersions, "\x00a", eight, putOver},
		{"an old version whose value does not decode", makeVersions, "\x01\x01a" + at(7), at(90) + "\x01\xc1", getOld},
		{"an old version with bytes behind its timestamp", makeVersions, "\x01\x01a" + at(7) + "x", at(90) + "\x01\x80", getOld},
		{"a due time of no row", makeVersions, "\x02" + eight + "\x05", "", sweep},
		{"a due time of nothing", makeVersions, "\x02" + eight, "", sweep},
		{"a changelog record of no kind of row", makeVersions, "\x00a", eight + "\x01\x80", restore},
		{"a row without the number of its use", makeLRU, "a", eight + "1234567", use},
		{"a bounded row whose value does not decode", makeLRU, "a", eight + eight + "\xc1", use},
		{"a duplicate without its start", duplicates, eight + "123456789012345", eight + "\x80", func(p *part) error {
			for _, err := range store.FetchDuplicates(p.ts.(*store.Duplicates[string, *list]), store.Query[string]{Last: 9}) {
				return err
			}
			return nil
		}},
		{"a record that waits, without its place", makeWaiting, "a", eight, take},
		{"a record that waits, with half a key", makeWaiting, at(1) + "a\x00\x01" + eight, eight, take},
		{"a record that waits, without its number", makeWaiting, at(1) + "a\x00\x00", eight, take},
		{"a record that waits, cut", makeWaiting, at(1) + "a\x00\x00" + eight, eight + eight + "\x01\x09", take},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			d := disks["memory"](t)
			put(t, d, row.key, row.value)
			p := &part{t: t, spec: &graph.Store{Name: "mine", Retention: 1000}, d: d, make: row.make}
			p.reopen()
			if w, ok := p.ts.(*store.Duplicates[string, *list]); ok {
				w.Admit(5)
			}
			err := row.read(p)
			if err == nil || !strings.HasPrefix(err.Error(), "store mine: ") || !strings.Contains(err.Error(), "delete the task's directory") {
				t.Errorf("got %v, want an error that names store mine and tells to delete its directory", err)
			}
		})
	}
}

// FuzzVersions runs puts, commits and aborts that bytes stand for, and compares each look-up with a map of all versions: the
// search for a version merges what is committed with what is not.
func FuzzVersions(f *testing.F) {
	f.Add([]byte("\x01\x22\xff\x13\x71\xfe\x05\x44"))
	f.Add([]byte("aabbccddee\xffaabbccdd\xfeaabb"))
	f.Fuzz(func(t *testing.T, ops []byte) {
		p := newPart(t, &graph.Store{Name: "mine", Retention: 1 << 40}, disks["memory"](t), makeVersions)
		type id struct {
			key string
			ts  int64
		}
		now, stood := map[id]int64{}, map[id]int64{}
		copyTo := func(to, from map[id]int64) {
			clear(to)
			maps.Copy(to, from)
		}
		for i, op := range ops {
			s := p.ts.(*versionedStore)
			switch op {
			case 0xff:
				p.commit()
				copyTo(stood, now)
			case 0xfe:
				p.abort()
				copyTo(now, stood)
			default:
				x := id{string("\x00a"[op&1]), int64(op >> 1 & 31)}
				_, err := s.Put(x.key, &list{[]int64{int64(i)}}, false, x.ts)
				noError(t, err)
				now[x] = int64(i)
			}
			at, want := int64(i%40), int64(-1)
			for ts := int64(0); ts <= at; ts++ {
				if v, ok := now[id{"a", ts}]; ok {
					want = v
				}
			}
			v, _, ok, err := p.ts.(*versionedStore).GetAt("a", at)
			noError(t, err)
			if ok != (want >= 0) || ok && v.N[0] != want {
				t.Fatalf("op %d: at %d there is %v, %v, want %d", i, at, v, ok, want)
			}
		}
	})
}

// FuzzWaitingOrder holds two records back and takes them out in the order of time, key and arrival.
func FuzzWaitingOrder(f *testing.F) {
	f.Add(int64(1), int64(1), []byte("a"), []byte("a\x00"))
	f.Add(int64(-1), int64(1), []byte{}, []byte{0, 0})
	f.Fuzz(func(t *testing.T, at1, at2 int64, k1, k2 []byte) {
		p := newPart(t, &graph.Store{Name: "mine"}, disks["memory"](t), makeWaiting)
		w := p.ts.(*store.Waiting)
		noError(t, w.Put(k1, store.Held{At: at1, New: []byte("1")}))
		p.commit()
		noError(t, w.Put(k2, store.Held{At: at2, New: []byte("2")}))
		want := "12"
		if at2 < at1 || at2 == at1 && string(k2) < string(k1) {
			want = "21"
		}
		got := ""
		for range 2 {
			key, h, err := w.Take()
			noError(t, err)
			if k := map[string][]byte{"1": k1, "2": k2}[string(h.New)]; string(key) != string(k) {
				t.Errorf("key %q came out as %q", k, key)
			}
			got += string(h.New)
		}
		if got != want {
			t.Errorf("%q at %d and %q at %d came out as %s, want %s", k1, at1, k2, at2, got, want)
		}
	})
}
