package conformance

import "slices"

// Deviation is where millrace does by design otherwise than Kafka Streams, because Kafka Streams loses data or fails
// there. A case that it names must give what Expect says; a case that no deviation names must agree record for record.
// docs/kafka-streams.md has a paragraph for each, under its name.
type Deviation struct {
	Name      string // of lower-case words, unique
	Scenarios []string
	Reason    string
	// Applies tells from the parameters and the input alone, never from what came of them, that Kafka Streams goes the
	// other way in the case.
	Applies func(Params, []Step) bool
	// Expect is the case with what millrace gives instead: Output, After, Stores, Dropped and Error. The case that it is given
	// stays as it is.
	Expect func(Case) Case
}

// deviations are all of them. Two never name one case.
var deviations = slices.Concat(nullKeyDeviations, suppressDeviations, suppressJoinDeviations, finalDeviations)

// deviationOf is the deviation that names a case, nil if it must agree.
func deviationOf(c *Case) *Deviation {
	for i := range deviations {
		if deviations[i].names(c) {
			return &deviations[i]
		}
	}
	return nil
}

func (d *Deviation) names(c *Case) bool {
	return slices.Contains(d.Scenarios, c.Scenario) && d.Applies(c.Params, c.Input)
}

// steps collects an expectation step by step: what a deviation's Expect has put out.
type steps struct {
	output []Record
	after  []int
}

func (s *steps) emit(r Record) { s.output = append(s.output, r) }

// end ends an input step.
func (s *steps) end() { s.after = append(s.after, len(s.output)) }
