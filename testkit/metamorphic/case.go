package metamorphic

import (
	"fmt"
	"strings"
	"time"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/testkit/golden"
	"github.com/millrace-go/millrace/topology"
)

// Has reports whether a part of the topology is to be drawn.
type Has func(part string) bool

// Case is what is drawn from a seed.
type Case struct {
	// Parts name what of the topology may be left out while a failure is made small; Build asks for them. It may have none.
	Parts []string
	// Build draws the topology, anew at each call: for each driver, and without the parts that Has denies.
	Build   func(Has) (*topology.Topology, error)
	Steps   []Step
	Options []testkit.Option // of all drivers, such as testkit.Partitions; CommitEvery, Disk and Once are the test's own
}

// Step is a thing that a case does with its drivers.
type Step struct {
	do        func(*testkit.Driver)
	topic     string // where it pipes into
	text      string // as a script has it
	interrupt bool
	sooner    func() Step // an interruption without the wait; nil: there is none to leave out
}

func (s Step) String() string { return s.text }

// Pipe pipes a record; where the parts that read its topic are left out, it does nothing.
func Pipe[K, V any](t topology.Topic[K, V], r stream.Record[K, V]) Step {
	return Step{
		do:    func(d *testkit.Driver) { d.Input(t).PipeRecord(r) },
		topic: t.Name,
		text:  "pipe " + t.Name + "\n" + golden.Line(r),
	}
}

// Advance moves the wall clock.
func Advance(by time.Duration) Step {
	return Step{do: func(d *testkit.Driver) { d.Advance(by) }, text: "advance " + by.String()}
}

// Interrupt interrupts a task after some commits: see testkit.Driver.Interrupt. Test draws interruptions of its own between the
// steps.
func Interrupt(how testkit.Interruption, after int) Step {
	s := Step{do: func(d *testkit.Driver) { d.Interrupt(how, after) }, text: "interrupt " + how.String(), interrupt: true}
	if after > 0 {
		s.text += fmt.Sprintf(" after=%d", after)
		s.sooner = func() Step { return Interrupt(how, 0) }
	}
	return s
}

// Restart interrupts all tasks between two steps.
func Restart(how testkit.Interruption) Step {
	return Step{do: func(d *testkit.Driver) { d.Restart(how) }, text: "restart " + how.String(), interrupt: true}
}

// script is the steps as a script of package golden, without what comes of them.
func script(steps []Step) string {
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&b, "%s\n----\n\n", s)
	}
	return b.String()
}
