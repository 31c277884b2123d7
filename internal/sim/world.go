package sim

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-go/millrace/internal/transport"
)

// World is a cluster and the instances of an application on it, in a bubble of their own.
type World struct {
	seed        uint64
	exactlyOnce bool
	climate     *climate
	sched       *schedule
	cluster     *cluster
	job         Job
	root        string // of the state directories
	log         *slog.Logger
	instances   []*instance
	processes   sync.WaitGroup
	fed         int
	upTo        int // as many are fed
}

// app is the application's id.
const app = "app"

// Outcome is what a run came to.
type Outcome struct {
	Err   error
	Hash  uint64 // of all that happened: equal for equal seeds
	Steps int
	Took  time.Duration // of the bubble's time
	Trace string        // if it was to be kept
}

// Run runs a job under the climate of a seed: what happens, when and in what order, follows from the seed alone.
func Run(t *testing.T, job Job, seed uint64, keep bool) (out Outcome) {
	t.Helper()
	root, err := tempDir()
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(root) //nolint:errcheck // what is left is in the temporary directory
	synctest.Test(t, func(*testing.T) {
		w := newWorld(job, seed, root, keep)
		begun := time.Now()
		w.begin()
		w.sched.run()
		for _, i := range w.instances {
			i.crash()
		}
		w.processes.Wait()
		out = Outcome{Err: w.sched.failed, Hash: w.sched.trace.hash, Steps: w.sched.steps, Took: time.Since(begun), Trace: w.sched.trace.String()}
		if out.Err == nil {
			out.Err = w.verify()
		}
	})
	return out
}

// tempDir makes a directory in memory, where there is such a place: on a disk, nine tenths of the time would go there.
func tempDir() (string, error) {
	if dir, err := os.MkdirTemp("/dev/shm", "sim"); err == nil {
		return dir, nil
	}
	return os.MkdirTemp("", "sim")
}

func newWorld(job Job, seed uint64, root string, keep bool) *World {
	rnd := rand.New(rand.NewPCG(seed, 1))
	c := draw(rnd)
	w := &World{seed: seed, exactlyOnce: true, climate: c, job: job, root: root}
	w.sched = &schedule{rnd: rnd, climate: c, trace: newTrace(keep), wake: make(chan struct{}, 1)}
	w.cluster = newCluster(w)
	logs := io.Discard
	if keep {
		logs = w.sched.trace
	}
	w.log = slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	return w
}

// chance draws whether something happens.
func (w *World) chance(p float64) bool { return p > 0 && w.sched.rnd.Float64() < p }

// begin sets the stage: topics, records to come, instances, and what will happen to them.
func (w *World) begin() {
	s := w.sched
	s.trace.add(fmt.Sprintf("%+v", *w.climate))
	for _, t := range w.job.Topics {
		w.cluster.create(t)
	}
	rough := time.Duration(3+s.rnd.IntN(15)) * time.Second
	if s.rnd.IntN(10) == 0 { // long enough for what the runtime does seldom
		rough *= 5
	}
	w.upTo = w.job.Records
	w.feed(rough / time.Duration(w.job.Records))
	for n := range 1 + s.rnd.IntN(3) {
		i := w.newInstance(fmt.Sprint("i", n))
		s.after(time.Duration(s.rnd.Int64N(int64(2*time.Second))), "start "+i.name, nil, i.start)
	}
	s.after(s.some(w.climate.compact), "compact", nil, w.cluster.compactSome)
	s.after(s.some(w.climate.disrupt), "disrupt", nil, w.disrupt)
	s.after(rough, "calm", nil, func() {
		w.climate.calm()
		w.await(w.drained, w.probe)
	})
}

// patience is how long after the end of all trouble the work has to be done.
const patience = 10 * time.Minute

// await goes on once something is so.
func (w *World) await(so func() bool, then func()) {
	deadline := time.Now().Add(patience)
	var look func()
	look = func() {
		switch {
		case so():
			then()
		case time.Now().After(deadline):
			w.sched.fail(fmt.Errorf("nothing goes on any more: %s", w.lag()))
		default:
			w.sched.after(100*time.Millisecond, "look", nil, look)
		}
	}
	look()
}

// drained says whether everything was processed, and nothing is under way.
func (w *World) drained() bool {
	for _, x := range w.cluster.coords {
		if x.tx != nil {
			return false
		}
	}
	return w.fed >= w.upTo && w.lag() == ""
}

// lag lists the partitions of which something is left to be read.
func (w *World) lag() string {
	var left []string
	offsets := w.cluster.group(app).offsets
	for name, t := range w.cluster.topics {
		if !w.job.reads(name) {
			continue
		}
		for i, p := range t.parts {
			at := offsets[transport.Partition{Topic: name, Index: int32(i)}].Offset
			if at < p.last() {
				left = append(left, fmt.Sprintf("%s/%d is read up to %d of %d", name, i, at, p.last()))
			}
		}
	}
	return strings.Join(left, ", ")
}

// probe replaces all instances by one without a disk, which restores all tables from their changelogs and goes on from there:
// if something is wrong with them, what it makes of more records shows it.
func (w *World) probe() {
	for _, i := range w.instances {
		i.retire()
	}
	w.await(w.deserted, func() {
		w.upTo += w.job.Records / 4
		w.feed(10 * time.Millisecond)
		w.newInstance("probe").start()
		w.await(w.drained, func() {
			for _, i := range w.instances {
				i.retire()
			}
			w.await(w.deserted, func() { w.sched.ended = true })
		})
	})
}

func (w *World) deserted() bool {
	for _, i := range w.instances {
		if i.process != nil {
			return false
		}
	}
	return true
}
