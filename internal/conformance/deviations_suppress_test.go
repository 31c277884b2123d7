package conformance

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The model that tells the deviation is right: with the old values that Kafka Streams gives, it gives what Kafka Streams does.
func TestHeldGroupsAgree(t *testing.T) {
	t.Parallel()
	cases := vectors(t)["suppress-then-group"]
	if len(cases) == 0 {
		t.Fatal("no case")
	}
	for _, c := range cases {
		g := groupHeld(c.Params, c.Input, true)
		if diff := cmp.Diff(lines(c.Output), lines(g.output)); diff != "" {
			t.Errorf("%s: output (-Kafka Streams +model):\n%s", c.Name, diff)
		}
		if diff := cmp.Diff(c.After, g.after); diff != "" {
			t.Errorf("%s: outputs after each step:\n%s", c.Name, diff)
		}
		for name, got := range map[string][]Row{"agg": g.rows(), "src": g.src()} {
			if diff := cmp.Diff(rows(c.Stores[name]), rows(got)); diff != "" {
				t.Errorf("%s: store %s in the end:\n%s", c.Name, name, diff)
			}
		}
		if g.dropped != c.Dropped {
			t.Errorf("%s: %d dropped, want %d", c.Name, g.dropped, c.Dropped)
		}
	}
}
