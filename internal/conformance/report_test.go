package conformance

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// step is a record for a scenario that reads "in", and what is expected of it.
func step(scenario, name, value string, out ...Record) *Case {
	var in Step
	in.Record = Record{Topic: "in", Key: Text("k"), Value: Text(value), Time: 1}
	return &Case{Scenario: scenario, Name: name, Input: []Step{in}, Output: out, After: []int{len(out)}}
}

func TestReport(t *testing.T) {
	t.Parallel()
	even := Record{Topic: "out", Key: Text("k"), Value: Text("even"), Time: 1}
	cached := step("filter", "filter/3", "odd", even)
	cached.Params = Params{"cacheMaxBytes": []byte("1")}
	cases := []*Case{
		step("filter", "filter/1", "even", even),
		step("filter", "filter/2", "odd", even),
		step("no-such", "no-such/1", "x"),
		cached,
		step("filter-not", "filter-not/1", "even"),
	}
	told := 0
	r := Run(cases, func(c *Case, d *Difference) {
		if differs := c.Name == "filter/2" || c.Name == "filter/3" || c.Name == "no-such/1"; differs != (d != nil) {
			t.Errorf("%s: got %v", c.Name, d)
		}
		told++
	})
	if told != len(cases) {
		t.Errorf("told of %d cases, want %d", told, len(cases))
	}
	var b strings.Builder
	r.Write(&b)
	want := `filter                                   1 passed, 1 failed
  filter/2
    input step 0 (in: "k" -> "odd" at 1)
    expected: out: "k" -> "even" at 1
    got:      nothing
no-such                                  0 passed, 1 failed
  no-such/1
    there is no topology for this scenario
filter-not                               1 passed, 0 failed
cached: 0 passed, 1 failed
deviating by design: 0
2 passed, 2 failed
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

// A case that Kafka Streams fails on passes if this fails there too, and what came before agrees.
func TestExpectedFailure(t *testing.T) {
	t.Parallel()
	c := step("punctuate-wall", "punctuate-wall/1", "add|no number")
	c.Params = Params{"interval1Ms": []byte("10"), "interval2Ms": []byte("10")}
	if d := Check(c); d == nil || !strings.Contains(d.Got, "no number") {
		t.Errorf("a failure that is not expected: got %v", d)
	}
	c.Error = &Failure{Step: 0, Class: "java.lang.NumberFormatException"}
	if d := Check(c); d != nil {
		t.Errorf("%s", d)
	}
	c.Output, c.After = []Record{{Topic: "out"}}, []int{1}
	if d := Check(c); d == nil {
		t.Error("a record that never came before the failure is not missed")
	}
}

// A panic of a callback is a difference, not the end of the program.
func TestPanicIsADifference(t *testing.T) {
	t.Parallel()
	d := checkAs(step("filter", "filter/1", "x"), func(x *drawing[string]) { panic("drawn badly") })
	if d == nil || !strings.Contains(d.Got, "drawn badly") || d.At != "drawing the topology" {
		t.Errorf("got %v", d)
	}
}

// Types without a null run where no null occurs: a topology that only fails for string is caught.
func TestNullFreeRunsPlain(t *testing.T) {
	t.Parallel()
	c := step("filter", "filter/1", "even", Record{Topic: "out", Key: Text("k"), Value: Text("even"), Time: 1})
	if !c.NullFree() {
		t.Error("a case without nulls is not seen as one")
	}
	c.Input[0].Key = Value{}
	if c.NullFree() {
		t.Error("a case with a null key passes as free of nulls")
	}
	c = step("aggregate-null", "aggregate-null/1", "x", Record{Topic: "out", Key: Text("k")})
	if !c.NullFree() {
		t.Error("a delete that an operator made counts as a null")
	}
	if c.Scenario = "reduce-null"; c.NullFree() {
		t.Error("a null that a callback returned does not count")
	}
	plain := 0
	for _, list := range vectors(t) {
		for _, c := range list {
			if c.NullFree() && !c.Cached() && scenarios[c.Scenario].plain != nil {
				plain++
			}
		}
	}
	if plain < 36 {
		t.Errorf("%d cases run with plain strings, want 36 at least", plain)
	}
}
