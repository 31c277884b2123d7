package engine_test

import (
	"fmt"
	"hash/fnv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// keeping draws a table of the topic's rows under each name.
func keeping(names ...string) *topology.Builder {
	b := topology.New("keeping")
	s := stream.From(b, left)
	for _, name := range names {
		s.ToTable(topology.As(name))
	}
	return b
}

// rows lists a store.
func (r *rig) rows(name string) []string {
	r.t.Helper()
	ts, ok := r.Store(name)
	if !ok {
		r.t.Fatalf("there is no store %s", name)
	}
	var rows []string
	for row, err := range store.All(ts.(*store.KeyValue[string, string])) {
		noError(r.t, err)
		rows = append(rows, row.Key+"="+row.Value)
	}
	return rows
}

// A store is found again by its name, whatever other stores a topology gained and lost in between.
func TestStoresKeepTheirRows(t *testing.T) {
	t.Parallel()
	disk := memdb.New()
	for i, names := range [][]string{{"a", "b"}, {"c"}, {"b", "c", "a"}} {
		r := newRig(t, keeping(names...), engine.Config{Disk: disk})
		if i == 2 {
			want := map[string][]string{"a": {"k=first"}, "b": {"k=first"}, "c": {"k=second"}}
			for name, rows := range want {
				if diff := cmp.Diff(rows, r.rows(name)); diff != "" {
					t.Errorf("store %s: %s", name, diff)
				}
			}
		}
		r.Add("left", raws(0, 1, []string{"first", "second", "third"}[i])...)
		r.process()
		r.commit()
	}
}

// The position of the changelog goes with the rows; what it does not name keeps its own.
func TestOffsets(t *testing.T) {
	t.Parallel()
	disk := memdb.New()
	state := func(r *rig) string {
		var s []string
		for _, x := range r.Stores() {
			s = append(s, fmt.Sprintf("%s %d", x.Store.Name, x.Offset))
		}
		return strings.Join(s, ", ")
	}
	r := newRig(t, keeping("a", "b"), engine.Config{Disk: disk})
	step := func(what, want string) {
		t.Helper()
		if got := state(r); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
		if got := state(newRig(t, keeping("a", "b"), engine.Config{Disk: disk})); got != want {
			t.Errorf("%s, opened again: %q, want %q", what, got, want)
		}
	}
	step("at first", "a -1, b -1")
	stores := r.Stores()
	noError(t, r.Prepare())
	noError(t, r.Commit(map[*graph.Store]int64{stores[0].Store: 5}))
	step("committed", "a 5, b -1")
	noError(t, r.Restore(stores[1].Store, []graph.Raw{{Key: []byte("k"), Value: []byte("v")}, {Value: []byte("no key")}}, 9))
	step("restored", "a 5, b 9")
	if diff := cmp.Diff([]string{"k=v"}, r.rows("b")); diff != "" {
		t.Error(diff)
	}
	noError(t, r.Restore(stores[0].Store, []graph.Raw{{Key: []byte("other"), Value: []byte("v")}}, 6))
	noError(t, r.Wipe(stores[1].Store))
	step("wiped", "a 6, b -1")
	if a, b := r.rows("a"), r.rows("b"); len(a) != 1 || len(b) != 0 {
		t.Errorf("after b was wiped a has %q and b %q", a, b)
	}
	noError(t, r.Flush())
	other := &graph.Store{Name: "other"}
	for _, err := range []error{r.Wipe(other), r.Restore(other, nil, 0), r.Gather(other, nil, 0)} {
		if err == nil || !strings.Contains(err.Error(), `store "other" is not of this task`) {
			t.Errorf("got %v", err)
		}
	}
}

// What is gathered for the stores of a DB gets there together, with its offsets: after Settle, once it is much, or before a store
// is wiped.
func TestGather(t *testing.T) {
	t.Parallel()
	disk := memdb.New()
	r := newRig(t, keeping("a", "b"), engine.Config{Disk: disk})
	a, b := r.Stores()[0].Store, r.Stores()[1].Store
	step := func(what string, want ...string) {
		t.Helper()
		got := []string{}
		for i, x := range newRig(t, keeping("a", "b"), engine.Config{Disk: disk}).Stores() {
			got = append(got, fmt.Sprint(x.Store.Name, " ", x.Offset, " ", len(r.rows(x.Store.Name))))
			if now := r.Stores()[i].Offset; now != x.Offset {
				t.Errorf("%s: the task says that %s is at %d, and the disk %d", what, x.Store.Name, now, x.Offset)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: store, offset and rows (-want +got):\n%s", what, diff)
		}
	}
	row := func(key string, bytes int) []graph.Raw {
		return []graph.Raw{{Key: []byte(key), Value: make([]byte, bytes)}}
	}
	noError(t, r.Gather(a, row("k", 1), 3))
	noError(t, r.Gather(b, row("k", 1), 4))
	noError(t, r.Gather(a, row("l", 1), 5))
	step("gathered", "a -1 0", "b -1 0")
	noError(t, r.Settle())
	step("settled", "a 5 2", "b 4 1")
	noError(t, r.Gather(a, row("m", 20<<20), 6))
	step("much", "a 6 3", "b 4 1")
	noError(t, r.Gather(a, row("n", 1), 7))
	noError(t, r.Wipe(b))
	step("wiped", "a 7 4", "b -1 0")
	noError(t, r.Settle())
	step("settled again", "a 7 4", "b -1 0")
}

// A directory whose bookkeeping is damaged is refused: taken for new, the store would be empty.
func TestDamagedDirectory(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"\x00\x00sa", "\x00\x00oa"} {
		disk := memdb.New()
		newRig(t, keeping("a"), engine.Config{Disk: disk})
		set(t, disk, key, "x")
		_, err := tryRig(t, keeping("a"), engine.Config{Disk: disk})
		if err == nil || !strings.Contains(err.Error(), `store "a"`) || !strings.Contains(err.Error(), "delete it and the store is restored") {
			t.Errorf("%q: got %v", key, err)
		}
	}
}

// A directory gives out 65,535 numbers in its life.
func TestTooManyStores(t *testing.T) {
	t.Parallel()
	disk := memdb.New()
	set(t, disk, "\x00\x00slast", "\xff\xfe")
	r := newRig(t, keeping("a"), engine.Config{Disk: disk})
	set(t, disk, "\xff\xff\xff", "row")
	noError(t, r.Wipe(r.Stores()[0].Store)) // the last of all prefixes
	if _, ok, err := disk.Get([]byte("\xff\xff\xff")); ok || err != nil {
		t.Errorf("the last store is not wiped (%v)", err)
	}
	if _, err := tryRig(t, keeping("a", "b"), engine.Config{Disk: disk}); err == nil || !strings.Contains(err.Error(), "one too many") {
		t.Errorf("got %v", err)
	}
}

func set(t *testing.T, d db.DB, key, value string) {
	t.Helper()
	b := d.Batch()
	noError(t, b.Set([]byte(key), []byte(value)))
	noError(t, b.Commit())
}

// Two operators whose names have one hash would load each other's numbers from the checkpoint: the task refuses them.
func TestOneHashForTwo(t *testing.T) {
	t.Parallel()
	seen := map[uint32]string{}
	for i := range 10_000_000 {
		name := fmt.Sprintf("w%d", i)
		h := fnv.New32a()
		_, _ = h.Write([]byte("store/" + name))
		other := seen[h.Sum32()]
		if other == "" {
			seen[h.Sum32()] = name
			continue
		}
		b := topology.New("hashes")
		s := stream.From(b, left).GroupByKey().WindowedBy(window.Tumbling(time.Second, 0))
		s.Count(topology.As(name))
		s.Count(topology.As(other))
		if _, err := tryRig(t, b, engine.Config{}); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), other) {
			t.Errorf("%s and %s: got %v", name, other, err)
		}
		return
	}
	t.Error("found no two names of one hash")
}
