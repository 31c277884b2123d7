package metamorphic_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/testkit/internal/catch"
	"github.com/millrace-go/millrace/topology"
)

// Bytes in a store that are not what was written there are an error that says so, or go unread; never a panic, and never a
// result out of thin air that the error could have prevented.
func TestDamagedStores(t *testing.T) {
	t.Parallel()
	told := 0
	for _, op := range operators {
		if op.name == "failing" { // by itself
			continue
		}
		for how, damage := range map[string]func([]byte) []byte{
			"cut short": func(v []byte) []byte { return v[:len(v)/2] },
			"altered": func(v []byte) []byte {
				for i := range v {
					v[i] = 0xff
				}
				return v
			},
			"longer": func(v []byte) []byte { return append(v, 0xff, 0xff, 0xff) },
		} {
			failure := damaged(t, op.draw, damage)
			if failure == "" {
				continue
			}
			told++
			if !strings.Contains(failure, "store") && !strings.Contains(failure, "decode") {
				t.Errorf("%s, values %s: the error does not speak of a store: %s", op.name, how, failure)
			}
		}
	}
	if told < len(operators) {
		t.Errorf("only %d damages of %d are told of", told, 3*len(operators))
	}
}

// damaged runs an operator, damages all rows, has its tasks crash so that no row is remembered, and goes on.
func damaged(t *testing.T, operator func(*draw), damage func([]byte) []byte) string {
	t.Helper()
	b := topology.New("damaged")
	d := &draw{
		b: b, lefts: stream.From(b, lefts), rights: stream.From(b, rights), rows: table.From(b, rows, topology.As("rows")),
		world: table.FromGlobal(b, world), name: "op", rng: rand.New(rand.NewPCG(1, 2)),
	}
	operator(d)
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	var disks []db.DB
	tb := &catch.TB{}
	driver := testkit.New(tb, topo, testkit.Once(), testkit.SkipErrors(), testkit.Disk(func() (db.DB, error) {
		disks = append(disks, memdb.New())
		return disks[len(disks)-1], nil
	}))
	feed := func(from int) string {
		return tb.Catch(func() {
			for i := from; i < from+30; i++ {
				r := stream.Record[string, string]{Key: "abc"[i%3:][:1], Value: fmt.Sprint("xyz"[i%3:][:1], ":", i), Timestamp: int64(i * 20)}
				for _, topic := range []topology.Topic[string, string]{rows, rights, lefts} {
					if readBy(topo, topic.Name) {
						driver.Input(topic).PipeRecord(r)
					}
				}
			}
			driver.Advance(time.Second)
		})
	}
	if failure := feed(0); failure != "" {
		t.Fatalf("before the damage: %s", failure)
	}
	for _, disk := range disks {
		alter(t, disk, damage)
	}
	if failure := tb.Catch(func() { driver.Restart(testkit.Crash) }); failure != "" {
		return failure
	}
	if failure := feed(30); failure != "" {
		return failure
	}
	return strings.Join(driver.Skips(), "\n")
}

func readBy(topo *topology.Topology, name string) bool {
	for _, x := range topo.Graph().Topics {
		if x.Name == name && len(x.Readers) > 0 {
			return true
		}
	}
	return false
}

// alter changes the values of the operator's rows: not those of the table that most operators only have beside them, unless
// there are no others, and not what the engine keeps about its stores.
func alter(t *testing.T, disk db.DB, damage func([]byte) []byte) {
	t.Helper()
	rows, _, err := disk.Get([]byte("\x00\x00srows"))
	if err != nil {
		t.Fatal(err)
	}
	rows = slices.Clone(rows)
	own, err := disk.Iter([]byte("\x00\x00sop"), []byte("\x00\x00soq"))
	if err != nil {
		t.Fatal(err)
	}
	if !own.Next() {
		rows = nil
	}
	if err := own.Close(); err != nil {
		t.Fatal(err)
	}
	it, err := disk.Iter([]byte{0, 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	batch := disk.Batch()
	for it.Next() {
		if len(it.Value()) > 0 && (rows == nil || !bytes.HasPrefix(it.Key(), rows)) {
			if err := batch.Set(bytes.Clone(it.Key()), damage(bytes.Clone(it.Value()))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := it.Close(); err != nil {
		t.Fatal(err)
	}
	if err := batch.Commit(); err != nil {
		t.Fatal(err)
	}
}
