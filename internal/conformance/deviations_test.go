package conformance

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Deviations are exceptions: they may touch no more than 8 of 100 cases without a cache, each case once, each in a scenario
// that exists, and each names cases.
func TestDeviationsAreFew(t *testing.T) {
	t.Parallel()
	contract, touched := 0, 0
	named := map[string]int{}
	all := vectors(t)
	for _, list := range all {
		for _, c := range list {
			var by []string
			for _, d := range deviations {
				if d.names(c) {
					by = append(by, d.Name)
					named[d.Name]++
				}
			}
			if len(by) > 1 {
				t.Errorf("%s is named by %d deviations: %q", c.Name, len(by), by)
			}
			if !c.Cached() {
				contract++
				touched += len(by)
			}
		}
	}
	if contract == 0 || touched*100 > contract*8 {
		t.Errorf("deviations touch %d of %d cases, which is more than 8 of 100", touched, contract)
	}
	seen := map[string]bool{}
	for _, d := range deviations {
		if d.Name == "" || d.Reason == "" || seen[d.Name] {
			t.Errorf("deviation %q needs a name of its own and a reason", d.Name)
		}
		seen[d.Name] = true
		if named[d.Name] == 0 {
			t.Errorf("deviation %q names no case", d.Name)
		}
		for _, s := range d.Scenarios {
			if len(all[s]) == 0 {
				t.Errorf("deviation %q is of scenario %s, and there is no such scenario", d.Name, s)
			}
		}
	}
}

// A case that is named must give our result and not Kafka Streams', whose result is no longer accepted: a predicate that names
// cases in which both agree says too much.
func TestDeviationsDiffer(t *testing.T) {
	t.Parallel()
	for _, list := range vectors(t) {
		for _, c := range list {
			dev := deviationOf(c)
			if dev == nil || c.Cached() {
				continue
			}
			if d := Check(c); d != nil {
				t.Errorf("%s", d)
			}
			if d := checkBoth(c); d == nil {
				t.Errorf("%s is named by deviation %q, and agrees with Kafka Streams", c.Name, dev.Name)
			}
		}
	}
}

// What a deviation expects comes from parameters and input alone, and leaves the case as it was.
func TestDeviationsExpectFromInput(t *testing.T) {
	t.Parallel()
	for _, list := range vectors(t) {
		for _, c := range list {
			dev := deviationOf(c)
			if dev == nil {
				continue
			}
			before := c.Output
			want := dev.Expect(*c)
			blank := *c
			blank.Output, blank.After, blank.Stores, blank.Dropped, blank.Error = nil, nil, nil, 0, nil
			got := dev.Expect(blank)
			if diff := cmp.Diff(outcome(want), outcome(got)); diff != "" {
				t.Errorf("%s: what deviation %q expects depends on what Kafka Streams gave:\n%s", c.Name, dev.Name, diff)
			}
			if diff := cmp.Diff(lines(before), lines(c.Output)); diff != "" {
				t.Errorf("%s: deviation %q changed the case:\n%s", c.Name, dev.Name, diff)
			}
			if len(want.After) != len(c.Input) {
				t.Errorf("%s: deviation %q expects outputAfter of %d steps, and there are %d", c.Name, dev.Name, len(want.After), len(c.Input))
			}
		}
	}
}

func outcome(c Case) []string {
	out := lines(c.Output)
	for _, n := range c.After {
		out = append(out, decimal(int64(n)))
	}
	for _, name := range sortedKeys(c.Stores, c.Stores) {
		out = append(append(out, name), rows(c.Stores[name])...)
	}
	return append(out, decimal(c.Dropped))
}

// The report counts a deviation apart, and a case that gives neither result as failed.
func TestReportOfDeviations(t *testing.T) {
	t.Parallel()
	dev := &deviations[0]
	i := slices.IndexFunc(vectors(t)[dev.Scenarios[0]], func(c *Case) bool { return dev.names(c) && !c.Cached() })
	if i < 0 {
		t.Fatalf("no case of scenario %s is named by %q", dev.Scenarios[0], dev.Name)
	}
	var b strings.Builder
	Run([]*Case{vectors(t)[dev.Scenarios[0]][i]}, nil).Write(&b)
	for _, want := range []string{"  deviating by design: 1 (" + dev.Name + ")\n", "\ndeviating by design: 1\n0 passed, 0 failed\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, b.String())
		}
	}
}

// Whoever comes from Kafka Streams finds every deviation in the document that maps it.
func TestDeviationsAreDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/kafka-streams.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range deviations {
		if !strings.Contains(string(doc), "\n### "+d.Name+"\n") {
			t.Errorf("docs/kafka-streams.md has no section %q", d.Name)
		}
	}
}
