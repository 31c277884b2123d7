package engine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/db/pebbledb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/topology"
)

// inputs are the records of each source topic.
type inputs map[string][]graph.Raw

// world is what lies around one task: the logs of its topics and changelogs, its disk, and a driver that is interrupted.
type world struct {
	t    *testing.T
	rng  *rand.Rand
	odds int
	plan *engine.Plan
	in   inputs

	task         *engine.Task
	disk, memory db.DB
	pebble       bool
	fed          map[string]int // how many records of each topic the task was given
	wall         int64

	effects    []string // those that stand
	pending    []string
	logs       map[*graph.Topic][]graph.Raw // changelogs that stand
	unlogged   map[*graph.Topic][]graph.Raw
	positions  map[string]int64
	checkpoint []byte

	aborts, restarts int
	found            outcome
}

func newWorld(t *testing.T, topo *topology.Topology, in inputs, rng *rand.Rand, odds int) *world {
	t.Helper()
	plan, err := engine.NewPlan(topo.Graph(), func(string) (int32, error) { return 1, nil })
	noError(t, err)
	w := &world{
		t: t, rng: rng, odds: odds, plan: plan, in: in, wall: 0, pebble: rng.IntN(4) == 0,
		logs: map[*graph.Topic][]graph.Raw{}, unlogged: map[*graph.Topic][]graph.Raw{}, positions: map[string]int64{},
	}
	w.disk = w.newDisk()
	w.open()
	return w
}

func (w *world) newDisk() db.DB {
	if !w.pebble {
		return memdb.New()
	}
	cache := pebbledb.NewCache(1 << 20)
	w.t.Cleanup(cache.Close)
	d, err := pebbledb.Open("db", pebbledb.Options{Cache: cache, FS: vfs.NewMem()})
	noError(w.t, err)
	w.t.Cleanup(func() { noError(w.t, d.Close()) })
	return d
}

func (w *world) interrupted() bool { return w.odds > 0 && w.rng.IntN(w.odds) == 0 }

// open makes the task from what stands: its disk, the changelogs, the committed positions and checkpoint.
func (w *world) open() {
	w.t.Helper()
	w.memory = memdb.New()
	clear(w.unlogged)
	w.pending = w.pending[:0]
	ignore := func(*engine.RecordError) engine.Verdict { return engine.Ignore }
	var err error
	w.task, err = engine.NewTask(w.plan.Config(engine.TaskID{}, engine.Config{
		Disk: w.disk, Memory: w.memory, Emit: w.emit, Wall: w.wall, OnDecode: ignore, OnProcess: ignore,
	}))
	noError(w.t, err)
	for _, s := range w.task.Stores() {
		from, log := max(0, s.Offset), w.logs[s.Store.Changelog]
		for at := from; at < int64(len(log)); at += 10 {
			end := min(at+10, int64(len(log)))
			noError(w.t, w.task.Gather(s.Store, log[at:end], end))
		}
	}
	noError(w.t, w.task.Settle())
	noError(w.t, w.task.LoadCheckpoint(w.checkpoint))
	for topic, next := range w.positions {
		w.task.SetPosition(topic, next)
	}
	w.seek()
}

// seek goes on from where the task stands.
func (w *world) seek() {
	w.fed = map[string]int{}
	for _, p := range w.task.Positions() {
		w.fed[p.Topic.FullName("")] = int(p.Next)
	}
	for topic := range w.in {
		w.task.Expect(topic, w.fed[topic] < len(w.in[topic]))
	}
}

func (w *world) emit(e *graph.Effect) error {
	w.pending = append(w.pending, show(e))
	if e.Topic.Role == graph.Changelog {
		w.unlogged[e.Topic] = append(w.unlogged[e.Topic], graph.Raw{Key: copied(e.Key), Value: copied(e.Value), Timestamp: e.Timestamp})
	}
	return nil
}

func copied(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}

// restart makes the task anew, on its disk or on an empty one.
func (w *world) restart() { w.restore(w.rng.IntN(2) == 0) }

func (w *world) restore(fromNothing bool) {
	w.t.Helper()
	if fromNothing {
		w.disk = w.newDisk()
	}
	w.restarts++
	w.open()
}

// interrupt takes back what was done since the last commit, in one of the ways that this happens.
func (w *world) interrupt() {
	w.t.Helper()
	if w.rng.IntN(2) == 0 {
		w.restart()
		return
	}
	w.abort()
}

func (w *world) abort() {
	w.aborts++
	w.pending = w.pending[:0]
	clear(w.unlogged)
	w.task.Abort()
	w.seek()
}

// attempt goes through the steps of an interval and commits; it reports whether the commit stands.
func (w *world) attempt(interval []step) bool {
	w.t.Helper()
	for _, s := range interval {
		if w.interrupted() {
			w.interrupt()
			return false
		}
		if s.wall > 0 {
			noError(w.t, w.task.Tick(s.wall))
			continue
		}
		err := w.take(s.records)
		var replay *engine.ReplayError
		switch {
		case errors.As(err, &replay):
			w.task.Drop(replay.Record)
			w.abort()
			return false
		case err != nil:
			w.t.Fatal(err)
		}
		if s.records > 0 && w.interrupted() {
			if err := w.take(1 + w.rng.IntN(3)); err != nil && !errors.As(err, &replay) { // work that will be taken back
				w.t.Fatal(err)
			}
			w.interrupt()
			return false
		}
	}
	noError(w.t, w.task.Prepare())
	if w.interrupted() {
		w.interrupt()
		return false
	}
	w.stand(interval)
	return true
}

// stand makes the effects stand, and commits; a crash may come between the two.
func (w *world) stand(interval []step) {
	w.t.Helper()
	w.effects = append(append(w.effects, w.pending...), "commit")
	w.pending = w.pending[:0]
	for topic, recs := range w.unlogged {
		w.logs[topic] = append(w.logs[topic], recs...)
	}
	clear(w.unlogged)
	for _, p := range w.task.Positions() {
		w.positions[p.Topic.FullName("")] = p.Next
	}
	w.checkpoint = w.task.Checkpoint()
	if w.interrupted() {
		w.wall = lastWall(interval, w.wall)
		w.restart()
		return
	}
	ends := map[*graph.Store]int64{}
	for _, s := range w.task.Stores() {
		if w.odds == 0 || w.rng.IntN(3) > 0 { // a driver may know of less than there is
			ends[s.Store] = int64(len(w.logs[s.Store.Changelog]))
		}
	}
	noError(w.t, w.task.Commit(ends))
}

// take feeds the task and has it process n records, or as many as there are.
func (w *world) take(n int) error {
	for n > 0 {
		fed, waiting := false, 0
		for _, t := range w.plan.Sources(engine.TaskID{}) {
			topic := t.FullName("")
			recs := w.in[topic][w.fed[topic]:]
			if w.task.Buffered(topic) == 0 && len(recs) > 0 {
				recs = recs[:min(len(recs), 1+w.rng.IntN(20))]
				w.task.Add(topic, recs...)
				w.fed[topic] += len(recs)
				w.task.Expect(topic, w.fed[topic] < len(w.in[topic]))
				fed = true
			}
			waiting += w.task.Buffered(topic)
		}
		k, err := w.task.Process(1 + w.rng.IntN(n))
		if err != nil {
			return err
		}
		for _, t := range w.plan.Sources(engine.TaskID{}) {
			waiting -= w.task.Buffered(t.FullName(""))
		}
		if n -= k; k == 0 && waiting == 0 && !fed { // neither taken, nor dropped, nor added
			return nil
		}
	}
	return nil
}

// dump is every row of the stores as the DBs hold them, by store.
func (w *world) dump() []string {
	var rows []string
	for _, s := range w.task.Stores() {
		d := w.disk
		if s.Store.Memory {
			d = w.memory
		}
		id, ok, err := d.Get(append([]byte{0, 0, 's'}, s.Store.Name...))
		if err != nil || !ok {
			w.t.Fatalf("store %s has no id: %v", s.Store.Name, err)
		}
		it, err := d.Iter(id, []byte{id[0], id[1] + 1})
		noError(w.t, err)
		for it.Next() {
			rows = append(rows, fmt.Sprintf("%s %x=%x", s.Store.Name, it.Key()[2:], it.Value()))
		}
		noError(w.t, errors.Join(it.Err(), it.Close()))
	}
	return rows
}
