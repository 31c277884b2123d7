package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

var errDisk = errors.New("the disk is gone")

// flaky is a DB one of whose operations fails.
type flaky struct {
	db.DB
	broken string
}

func (f *flaky) check(op string) error {
	if f.broken == op {
		return errDisk
	}
	return nil
}

func (f *flaky) Get(key []byte) ([]byte, bool, error) {
	if err := f.check("get"); err != nil {
		return nil, false, err
	}
	return f.DB.Get(key)
}

func (f *flaky) Iter(lower, upper []byte) (db.Iterator, error) {
	if err := f.check("iter"); err != nil {
		return nil, err
	}
	return f.DB.Iter(lower, upper)
}

func (f *flaky) Batch() db.Batch { return &flakyBatch{f.DB.Batch(), f} }

func (f *flaky) Flush() error { return f.check("flush") }

type flakyBatch struct {
	db.Batch
	f *flaky
}

func (b *flakyBatch) Set(key, value []byte) error {
	if err := b.f.check("set"); err != nil {
		return err
	}
	return b.Batch.Set(key, value)
}

func (b *flakyBatch) DeleteRange(lower, upper []byte) error {
	if err := b.f.check("delete"); err != nil {
		return err
	}
	return b.Batch.DeleteRange(lower, upper)
}

func (b *flakyBatch) Commit() error {
	if err := b.f.check("commit"); err != nil {
		return err
	}
	return b.Batch.Commit()
}

// A disk that fails stops the task, whatever the policies say, and what was committed before is still there.
func TestDiskFails(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		broken, name string
		do           func(r *rig) error
	}{
		{"get", "a record that reads", func(r *rig) error { _, err := r.Process(1); return err }},
		{"set", "a commit that writes", func(r *rig) error { return processAndCommit(r) }},
		{"commit", "a commit", func(r *rig) error { return processAndCommit(r) }},
		{"set", "restoring", func(r *rig) error { return r.Restore(r.Stores()[0].Store, raws(0, 1, "x"), 1) }},
		{"commit", "restoring, at its end", func(r *rig) error { return r.Restore(r.Stores()[0].Store, raws(0, 1, "x"), 1) }},
		{"delete", "wiping", func(r *rig) error { return r.Wipe(r.Stores()[0].Store) }},
		{"flush", "flushing", func(r *rig) error { return r.Flush() }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			disk := &flaky{DB: memdb.New()}
			r := newRig(t, keeping("rows"), engine.Config{Disk: disk, OnDecode: ignore, OnProcess: ignore})
			r.Add("left", raws(0, 1, "before")...)
			noError(t, processAndCommit(r))
			other := raws(1, 2, "after")
			other[0].Key = []byte("another") // of which the overlay knows nothing yet
			r.Add("left", other...)
			disk.broken = row.broken
			if err := row.do(r); !errors.Is(err, errDisk) {
				t.Fatalf("got %v, want the disk's error", err)
			}
			disk.broken = ""
			again := newRig(t, keeping("rows"), engine.Config{Disk: disk})
			if diff := cmp.Diff([]string{"k=before"}, again.rows("rows")); diff != "" {
				t.Errorf("rows afterwards: %s", diff)
			}
		})
	}
	for _, broken := range []string{"get", "iter", "set", "commit"} {
		if _, err := tryRig(t, keeping("rows"), engine.Config{Disk: &flaky{memdb.New(), broken}}); !errors.Is(err, errDisk) {
			t.Errorf("a task on a disk whose %s fails: %v", broken, err)
		}
	}
}

func processAndCommit(r *rig) error {
	if _, err := r.Process(1); err != nil {
		return err
	}
	if err := r.Prepare(); err != nil {
		return err
	}
	return r.Commit(nil)
}

// A store needs a DB of its kind.
func TestNoDisk(t *testing.T) {
	t.Parallel()
	topo := topology.Must(keeping("rows").Build())
	plan, err := engine.NewPlan(topo.Graph(), func(string) (int32, error) { return 1, nil })
	noError(t, err)
	if _, err = engine.NewTask(plan.Config(engine.TaskID{}, engine.Config{Memory: memdb.New()})); err == nil || !strings.Contains(err.Error(), "has no DB to lie in") {
		t.Errorf("got %v", err)
	}
}

// A plan has a task for each partition of a sub-topology's largest source, and each task the sources that reach so far.
func TestPlan(t *testing.T) {
	t.Parallel()
	b := topology.New("plan")
	s := stream.From(b, left).Merge(stream.From(b, right))
	s.SelectKey(func(_, v string) string { return v }).GroupByKey().Count(topology.As("counts"))
	table.From(b, topology.NewTopic[string, string]("alone"), topology.As("rows"))
	g := topology.Must(b.Build()).Graph()
	counts := map[string]int32{"left": 2, "right": 3, "alone": 1}
	plan, err := engine.NewPlan(g, func(topic string) (int32, error) { return counts[topic], nil })
	noError(t, err)
	var got []string
	for _, id := range plan.Tasks() {
		line := id.String() + ":"
		for _, tp := range plan.Sources(id) {
			line += " " + tp.FullName("")
		}
		got = append(got, line)
	}
	want := []string{
		"0_0: left right", "0_1: left right", "0_2: right",
		"1_0: -counts-repartition", "1_1: -counts-repartition", "1_2: -counts-repartition", "2_0: alone",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := engine.NewPlan(g, func(string) (int32, error) { return 0, errDisk }); !errors.Is(err, errDisk) {
		t.Errorf("a topic whose partitions cannot be told: %v", err)
	}
}

// Dirty tells how much waits for the commit.
func TestDirty(t *testing.T) {
	t.Parallel()
	r := newRig(t, keeping("rows"), engine.Config{})
	if n := r.Dirty(); n != 0 {
		t.Errorf("%d bytes are dirty at first", n)
	}
	r.Add("left", raws(0, 1, "a")...)
	r.process()
	one := r.Dirty()
	r.Add("left", raws(1, 2, "b")...)
	r.process()
	if again := r.Dirty(); one == 0 || again != one {
		t.Errorf("a row is %d bytes, written again %d", one, again)
	}
	r.commit()
	if n := r.Dirty(); n != 0 {
		t.Errorf("%d bytes are dirty after a commit", n)
	}
}
