package metamorphic

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

	"github.com/millrace-go/millrace/testkit"
)

// Test checks as many cases as runs says: the first half from the seeds 1, 2 and so on, the others from seeds that nobody has
// seen. It stops at the first that fails, made small.
func Test(t testkit.TB, runs int, draw func(rng *rand.Rand) Case) {
	t.Helper()
	seeds, err := seeds(runs)
	if err != nil {
		t.Fatalf("metamorphic: %v", err)
	}
	for _, seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 1))
		c := draw(rng)
		if err := interrupt(rng, &c); err != nil {
			t.Fatalf("metamorphic: seed %d: %v", seed, err)
		}
		if f := c.check(); f.kind != 0 {
			t.Fatalf("metamorphic: %s", report(seed, c, f))
		}
	}
}

// repeats names the variable that repeats one seed.
const repeats = "MILLRACE_SEED"

func seeds(runs int) ([]uint64, error) {
	if s := os.Getenv(repeats); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s=%s is no seed", repeats, s)
		}
		return []uint64{seed}, nil
	}
	var all []uint64
	for i := range runs {
		seed := uint64(i) + 1
		if i > runs/2 {
			seed = rand.Uint64()
		}
		all = append(all, seed)
	}
	return all, nil
}

// interrupt puts interruptions between the steps. Rows without a changelog do not survive the loss of a process or a disk, so
// with such a store work is only aborted.
func interrupt(rng *rand.Rand, c *Case) error {
	topo, err := c.build()
	if err != nil {
		return fmt.Errorf("build the topology: %w", err)
	}
	kinds := []testkit.Interruption{testkit.Abort, testkit.Crash, testkit.Loss}
	if !durable(topo) {
		kinds = kinds[:1]
	}
	var steps []Step
	for _, s := range c.Steps {
		how := kinds[rng.IntN(len(kinds))]
		switch rng.IntN(12) {
		case 0, 1, 2:
			steps = append(steps, Interrupt(how, rng.IntN(4)))
		case 3:
			steps = append(steps, Restart(how))
		}
		steps = append(steps, s)
	}
	c.Steps = steps
	return nil
}

// report makes a failing case small and prints it.
func report(seed uint64, c Case, f failure) string {
	const tries = 3000
	small := shrink(c, tries, func(c *Case) bool { return c.check().kind == f.kind })
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %s\n", seed, f.text)
	fmt.Fprintf(&b, "%s=%d repeats it. It still fails with %d of %d steps", repeats, seed, len(small.Steps), len(c.Steps))
	if len(c.Parts) > 0 {
		fmt.Fprintf(&b, " and %d of %d parts (%s)", len(small.Parts), len(c.Parts), strings.Join(small.Parts, ", "))
	}
	fmt.Fprintf(&b, ":\n%s# %s\n", script(small.Steps), strings.ReplaceAll(strings.TrimSpace(small.check().text), "\n", "\n# "))
	return b.String()
}
