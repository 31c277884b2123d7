package conformance

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// With its losses the model gives what Kafka Streams gave, in every case without a cache: so what it gives without them differs by
// them alone.
func TestFinalModelIsKafkaStreams(t *testing.T) {
	t.Parallel()
	all := vectors(t)
	for _, x := range []struct {
		scenarios []string
		model     func(p Params, input []Step, lossy bool) Case
	}{
		{[]string{"tumbling-final-count", "hopping-final-count", "sliding-final-count", "session-final-count"}, finalCounts},
		{[]string{"tumbling-final-aggregate", "hopping-final-aggregate", "sliding-final-aggregate", "session-final-aggregate"}, finalAggregates},
		{[]string{"imaging-emit-final"}, finalSites},
	} {
		for _, name := range x.scenarios {
			if len(all[name]) == 0 {
				t.Errorf("no case of %s", name)
			}
			for _, c := range all[name] {
				if c.Cached() {
					continue
				}
				m := x.model(c.Params, c.Input, true)
				if diff := cmp.Diff(outcome(*c), outcome(m)); diff != "" {
					t.Errorf("%s (-Kafka Streams +model):\n%s", c.Name, diff)
				}
			}
		}
	}
}

// A model never loses a window: whatever it forwards with the losses of Kafka Streams, it forwards without them too, at the
// same step.
func TestFinalModelLosesNothing(t *testing.T) {
	t.Parallel()
	more := 0
	for _, list := range vectors(t) {
		for _, c := range list {
			d := deviationOf(c)
			if d == nil || !slices.ContainsFunc(finalDeviations, func(f Deviation) bool { return f.Name == d.Name }) || c.Cached() {
				continue
			}
			want := d.Expect(*c)
			more += len(want.Output) - len(c.Output)
			ours, theirs := slices.Clone(want.Output), lines(c.Output)
			for _, r := range lines(ours) {
				if len(theirs) > 0 && r == theirs[0] {
					theirs = theirs[1:]
				}
			}
			if len(theirs) > 0 {
				t.Errorf("%s: millrace is not expected to give %s", c.Name, theirs[0])
			}
		}
	}
	if more == 0 {
		t.Error("no case in which Kafka Streams loses anything")
	}
	t.Logf("%d results are lost by Kafka Streams", more)
}
