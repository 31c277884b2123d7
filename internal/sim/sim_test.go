package sim_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/millrace-go/millrace/internal/invariants"
	"github.com/millrace-go/millrace/internal/sim"
	"github.com/millrace-go/millrace/topology"
)

// TestMain leaves one processor to the simulation: what wakes together then runs in an order that hardly ever differs, and in
// half the time.
func TestMain(m *testing.M) {
	runtime.GOMAXPROCS(1)
	os.Exit(m.Run())
}

func TestCount(t *testing.T) {
	t.Parallel()
	try(t, sim.Count())
}

func TestCountInMemory(t *testing.T) {
	t.Parallel()
	try(t, sim.Count(topology.InMemory()))
}

func TestVisits(t *testing.T) {
	t.Parallel()
	try(t, sim.Visits())
}

func TestFinals(t *testing.T) {
	t.Parallel()
	try(t, sim.Finals())
}

// TestAgain: a seed gives the same run each time. What Go leaves to chance (which of several ready cases a select takes, when
// the kernel takes a thread away) makes one of about fifty different; more would make failures hard to replay.
func TestAgain(t *testing.T) {
	t.Parallel()
	if invariants.Enabled {
		t.Skip("the race detector's scheduler draws lots")
	}
	const n, most = 50, 8
	different := 0
	for seed := range uint64(n) {
		if a, b := sim.Run(t, sim.Count(), seed, false), sim.Run(t, sim.Count(), seed, false); a.Hash != b.Hash {
			different++
		}
	}
	if different > most {
		t.Errorf("%d of %d seeds gave another run the second time, at most %d should", different, n, most)
	}
}

// try runs a job under as many seeds as MILLRACE_SEEDS says, from MILLRACE_SEED on. With MILLRACE_SEED only, it tells what
// happens under that seed.
func try(t *testing.T, job sim.Job) {
	t.Helper()
	first, keep := number(t, "MILLRACE_SEED", 1)
	usual := uint64(300)
	if invariants.Enabled { // which takes ten times as long
		usual = 30
	}
	n, many := number(t, "MILLRACE_SEEDS", usual)
	if keep = keep && !many; keep {
		n = 1
	}
	for seed := first; seed < first+n; seed++ {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			out := sim.Run(t, job, seed, keep)
			if keep {
				t.Logf("%d steps in %v, trace %x\n%s", out.Steps, out.Took, out.Hash, out.Trace)
			}
			if out.Err != nil {
				t.Errorf("%v\nreplay it: MILLRACE_SEED=%d go test -v -run %s ./internal/sim", out.Err, seed, t.Name())
			}
		})
	}
}

// number reads an environment variable, and says whether it is set.
func number(t *testing.T, name string, otherwise uint64) (n uint64, set bool) {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n, true
}
