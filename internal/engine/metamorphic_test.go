package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/topology"
)

// A random topology is fed random records twice: once without a break, and once with aborts, commits that do not stand,
// and restarts with and without the local stores in between. What is committed must be the same, record for record.
//
// A run is repeated with: go test ./internal/engine -run TestInterruptionsChangeNothing -seed N.
func TestInterruptionsChangeNothing(t *testing.T) {
	t.Parallel()
	seeds := []uint64{}
	for seed := range uint64(40) {
		seeds = append(seeds, seed+1)
	}
	for range 20 {
		seeds = append(seeds, rand.Uint64())
	}
	if *long {
		for range 2000 {
			seeds = append(seeds, rand.Uint64())
		}
	}
	if *seedFlag != 0 {
		seeds = []uint64{*seedFlag}
	}
	var met outcome
	for _, seed := range seeds {
		met = met.plus(interrupt(t, seed))
		if t.Failed() {
			t.Fatalf("repeat it with -seed=%d", seed)
		}
	}
	t.Logf("%d runs: %d effects, %d records skipped, %d aborts, %d restarts", len(seeds), len(met.effects), met.skipped, met.aborts, met.restarts)
	if len(seeds) > 1 && (len(met.effects) < 100*len(seeds) || met.skipped == 0 || met.aborts < len(seeds) || met.restarts < len(seeds)) {
		t.Error("the runs are too dull to prove anything")
	}
}

// interrupt makes both runs of a seed.
func interrupt(t *testing.T, seed uint64) outcome {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	topo, err := randomTopology(rng).Build()
	noError(t, err)
	in, steps := randomInput(rng), randomSteps(rng)
	plain := run(t, topo, in, steps, rand.New(rand.NewPCG(seed, 8)), 0)
	broken := run(t, topo, in, steps, rand.New(rand.NewPCG(seed, 9)), 12)
	if diff := cmp.Diff(plain.effects, broken.effects); diff != "" {
		t.Errorf("seed %d: effects with %d aborts and %d restarts (-plain +interrupted):\n%s\nof %s", seed, broken.aborts, broken.restarts, diff, topo.Describe())
	}
	if diff := cmp.Diff(plain.rows, broken.rows); diff != "" {
		t.Errorf("seed %d: rows in the end (-plain +interrupted):\n%s", seed, diff)
	}
	if diff := cmp.Diff(broken.rows, broken.restored); diff != "" {
		t.Errorf("seed %d: rows restored from the changelogs (-stores +restored):\n%s", seed, diff)
	}
	return broken
}

// outcome is what a run has led to.
type outcome struct {
	effects          []string
	rows             []string // of the DBs
	restored         []string // of DBs made from the changelogs
	skipped          int64
	aborts, restarts int
}

func (o outcome) plus(x outcome) outcome {
	o.effects = append(o.effects, x.effects...)
	o.skipped, o.aborts, o.restarts = o.skipped+x.skipped, o.aborts+x.aborts, o.restarts+x.restarts
	return o
}

// step is one thing that a driver does with its task: take some records, or tell the time.
type step struct {
	records int
	wall    int64 // 0: none
}

// randomSteps are the intervals between commits, each a few steps.
func randomSteps(rng *rand.Rand) [][]step {
	intervals := make([][]step, 25)
	wall := int64(0)
	for i := range intervals {
		for range 1 + rng.IntN(4) {
			s := step{records: rng.IntN(12)}
			if rng.IntN(3) == 0 {
				wall += 1 + rng.Int64N(700)
				s = step{wall: wall}
			}
			intervals[i] = append(intervals[i], s)
		}
	}
	return intervals
}

// run drives a task over the input, through every interval. One in odds things that it does is interrupted; 0: none.
func run(t *testing.T, topo *topology.Topology, in inputs, steps [][]step, rng *rand.Rand, odds int) outcome {
	t.Helper()
	w := newWorld(t, topo, in, rng, odds)
	for _, interval := range steps {
		for !w.attempt(interval) {
			if w.aborts > 10_000 {
				t.Fatal("an interval never comes to its end")
			}
		}
		w.wall = lastWall(interval, w.wall)
		if w.interrupted() {
			w.restart()
		}
	}
	w.found.skipped = w.task.Counters().Dropped
	w.found.effects = w.effects
	w.restore(false) // brings the DBs up to date
	w.found.rows = w.dump()
	w.restore(true)
	w.found.restored = w.dump()
	w.found.aborts, w.found.restarts = w.aborts, w.restarts
	return w.found
}

func lastWall(interval []step, wall int64) int64 {
	for _, s := range slices.Backward(interval) {
		if s.wall > 0 {
			return s.wall
		}
	}
	return wall
}

func (s step) String() string { return fmt.Sprintf("%d records, wall %d", s.records, s.wall) }
