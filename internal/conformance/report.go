package conformance

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Report is the outcome of many cases.
type Report struct {
	Scenarios []*Scenario // in the order of their first case
	// A case passes if it agrees, deviates if it gives what a deviation expects instead, and fails otherwise.
	Passed, Deviating, Failed int
	// Cases that Kafka Streams ran with caches decide nothing: caches change what is emitted, not what is true.
	CachedPassed int
	CachedFailed int
}

// Scenario is the outcome of one scenario.
type Scenario struct {
	Name           string
	Passed, Failed int
	Deviating      map[string]int // number of cases by name of the deviation
	Cached         []*Difference
	Differences    []*Difference // one for each failed case
}

// Run checks cases. each, if it is not nil, is told of every case.
func Run(cases []*Case, each func(*Case, *Difference)) *Report {
	r := &Report{}
	byName := map[string]*Scenario{}
	for _, c := range cases {
		s := byName[c.Scenario]
		if s == nil {
			s = &Scenario{Name: c.Scenario, Deviating: map[string]int{}}
			byName[c.Scenario] = s
			r.Scenarios = append(r.Scenarios, s)
		}
		d := Check(c)
		switch {
		case c.Cached() && d == nil:
			r.CachedPassed++
		case c.Cached():
			r.CachedFailed++
			s.Cached = append(s.Cached, d)
		case d == nil && deviationOf(c) != nil:
			r.Deviating++
			s.Deviating[deviationOf(c).Name]++
		case d == nil:
			r.Passed++
			s.Passed++
		default:
			r.Failed++
			s.Failed++
			s.Differences = append(s.Differences, d)
		}
		if each != nil {
			each(c, d)
		}
	}
	return r
}

// Write prints the scenarios, each with its deviations and its first difference, and the totals in the last three lines.
func (r *Report) Write(w io.Writer) {
	for _, s := range r.Scenarios {
		fmt.Fprintf(w, "%-40s %d passed, %d failed\n", s.Name, s.Passed, s.Failed)
		for _, name := range slices.Sorted(maps.Keys(s.Deviating)) {
			fmt.Fprintf(w, "  deviating by design: %d (%s)\n", s.Deviating[name], name)
		}
		if len(s.Differences) > 0 {
			fmt.Fprintf(w, "  %s\n", strings.ReplaceAll(s.Differences[0].String(), "\n", "\n  "))
		}
	}
	fmt.Fprintf(w, "cached: %d passed, %d failed\n", r.CachedPassed, r.CachedFailed)
	fmt.Fprintf(w, "deviating by design: %d\n", r.Deviating)
	fmt.Fprintf(w, "%d passed, %d failed\n", r.Passed, r.Failed)
}
