package conformance

import (
	"fmt"
	"io"
	"strings"
)

// Report is the outcome of many cases.
type Report struct {
	Scenarios []*Scenario // in the order of their first case
	Passed    int
	Failed    int
	// Cases that Kafka Streams ran with caches decide nothing: caches change what is emitted, not what is true.
	CachedPassed int
	CachedFailed int
}

// Scenario is the outcome of one scenario.
type Scenario struct {
	Name           string
	Passed, Failed int
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
			s = &Scenario{Name: c.Scenario}
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

// Write prints the scenarios, each with its first difference, and the totals in the last line.
func (r *Report) Write(w io.Writer) {
	for _, s := range r.Scenarios {
		fmt.Fprintf(w, "%-40s %d passed, %d failed\n", s.Name, s.Passed, s.Failed)
		if len(s.Differences) > 0 {
			fmt.Fprintf(w, "  %s\n", strings.ReplaceAll(s.Differences[0].String(), "\n", "\n  "))
		}
	}
	fmt.Fprintf(w, "cached: %d passed, %d failed\n", r.CachedPassed, r.CachedFailed)
	fmt.Fprintf(w, "%d passed, %d failed\n", r.Passed, r.Failed)
}
