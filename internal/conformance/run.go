package conformance

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
)

// Check runs a case and returns how millrace differs from Kafka Streams first, or from what is expected instead where it
// deviates by design; nil if it agrees. A case without nulls is run with both types of keys and values.
func Check(c *Case) *Difference {
	dev := deviationOf(c)
	if dev == nil {
		return checkBoth(c)
	}
	expected := dev.Expect(*c)
	d := checkBoth(&expected)
	if d != nil {
		d.At = "deviating by design (" + dev.Name + "), " + d.At
	}
	return d
}

func checkBoth(c *Case) *Difference {
	s, ok := scenarios[c.Scenario]
	if !ok {
		return &Difference{Case: c.Name, At: "there is no topology for this scenario"}
	}
	d := checkAs(c, s.nullable)
	if d == nil && c.NullFree() {
		if d = checkAs(c, s.plain); d != nil {
			d.At = "with string instead of *string, " + d.At
		}
	}
	return d
}

// Difference is where millrace and Kafka Streams part.
type Difference struct {
	Case     string
	At       string // the input step, or the part of the final state
	Expected string
	Got      string
}

func (d *Difference) String() string {
	s := d.Case + "\n  " + d.At
	if d.Expected != d.Got {
		s += "\n  expected: " + indented(d.Expected) + "\n  got:      " + indented(d.Got)
	}
	return s
}

func indented(s string) string { return strings.ReplaceAll(s, "\n", "\n            ") }

// checkAs runs a case in a goroutine of its own, which is what ends where the testkit ends a test, or where a callback panics.
func checkAs[S text](c *Case, draw func(*drawing[S])) (diff *Difference) {
	t := &bench{}
	done := make(chan struct{})
	r := &run[S]{c: c, at: "drawing the topology"}
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				t.failed = fmt.Sprintf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		diff = r.check(t, draw)
	}()
	<-done
	switch {
	case t.failed == "":
	case c.Error != nil && r.step == c.Error.Step && diff == nil:
		diff = r.output() // what came before must agree all the same
	default:
		diff = &Difference{At: r.at, Expected: "no failure", Got: t.failed}
	}
	if diff != nil {
		diff.Case = c.Name
	}
	return diff
}

// run is one case on its way.
type run[S text] struct {
	c    *Case
	x    *drawing[S]
	d    *testkit.Driver
	step int    // the input step under way, -1 outside
	seen int    // records put out before it
	at   string // what is under way
}

func (r *run[S]) check(t *bench, draw func(*drawing[S])) *Difference {
	r.step = -1
	r.x = newDrawing[S](r.c.Params)
	r.x.input = r.c.Input
	draw(r.x)
	topo, err := r.x.b.Build()
	if err != nil {
		t.Fatalf("%v", err)
	}
	opts := []testkit.Option{testkit.SingleTask()}
	if r.x.once {
		opts = append(opts, testkit.Once())
	}
	r.d = testkit.New(t, topo, opts...)
	for i, s := range r.c.Input {
		r.step, r.at = i, fmt.Sprintf("input step %d (%s)", i, s)
		r.feed(s)
		if r.c.Error != nil && i == r.c.Error.Step {
			return &Difference{At: r.at, Expected: "failure: " + r.c.Error.Class, Got: "none"}
		}
		if d := r.output(); d != nil {
			return d
		}
	}
	r.step, r.at = -1, "the final state"
	if d := r.final(); d != nil {
		return d
	}
	r.at = "the second run, with serde round trips"
	t.finish()
	return nil
}

func (r *run[S]) feed(s Step) {
	if s.Topic == "" {
		r.d.Advance(millis(s.Advance))
		return
	}
	headers := make([]stream.Header, 0, len(s.Headers))
	for _, h := range s.Headers {
		headers = append(headers, stream.Header{Key: h.Name, Value: h.Value.bytes()})
	}
	r.d.PipeBytes(s.Topic, s.Key.bytes(), s.Value.bytes(), s.Time, headers...)
}

// output compares what the current step put out.
func (r *run[S]) output() *Difference {
	before := 0
	if r.step > 0 {
		before = r.c.After[r.step-1]
	}
	want := lines(r.c.Output[before:r.c.After[r.step]])
	var got []string
	for _, p := range r.d.Produced()[r.seen:] {
		got = append(got, r.read(p))
	}
	r.seen += len(got)
	return difference(r.at, want, got)
}

func (r *run[S]) read(p testkit.Produced) string {
	read := r.x.topics[p.Topic]
	if read == nil { // chosen per record
		return plainRecord(p).String()
	}
	rec, err := read(p)
	if err != nil {
		return fmt.Sprintf("%s: %v", p, err)
	}
	return rec.String()
}

// final compares the stores and the count of dropped records.
func (r *run[S]) final() *Difference {
	if r.c.anyState {
		return nil
	}
	for _, name := range sortedKeys(r.x.stores, r.c.Stores) {
		read, drawn := r.x.stores[name]
		want, dumped := r.c.Stores[name]
		switch {
		case !drawn:
			return &Difference{At: "the final stores", Expected: "a store " + name, Got: "none in the topology"}
		case !dumped:
			return &Difference{At: "the final stores", Expected: "no store " + name, Got: "one in the topology"}
		}
		got := read(r.d)
		if retention := r.x.kept[name]; retention > 0 && r.c.Cached() {
			want, got = unexpired(retention, want, got)
		}
		if d := difference("the final rows of store "+name, rows(want), rows(got)); d != nil {
			return d
		}
	}
	if n := r.d.Dropped(); n != r.c.Dropped {
		return &Difference{
			At:       "the number of dropped records",
			Expected: fmt.Sprint(r.c.Dropped),
			Got:      strings.Join(append([]string{fmt.Sprint(n)}, r.d.Skips()...), "\n"),
		}
	}
	return nil
}

func difference(at string, want, got []string) *Difference {
	if slices.Equal(want, got) {
		return nil
	}
	// What both begin and end with says nothing.
	n := 0
	for n < len(want) && n < len(got) && want[n] == got[n] {
		n++
	}
	if n > 0 {
		at = fmt.Sprintf("%s, after %d that agree", at, n)
	}
	return &Difference{At: at, Expected: block(want[n:]), Got: block(got[n:])}
}

func block(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, "\n")
}
