package conformance

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// differing are scenarios of which a case with a cache differs, all for one reason: Kafka Streams' cache still finds, and
// merges, a window or session that has expired from the store beneath it, which itself sees less pass by.
var differing = strings.Fields(`cogroup-tumbling imaging-inner session-aggregate session-aggregate-null session-count session-reduce session-repartitioned
	suppress-close-session-aggregate suppress-close-session-count suppress-close-sliding-reduce suppress-close-tumbling-aggregate`)

// vectors are the cases of testdata by scenario.
func vectors(t *testing.T) map[string][]*Case {
	t.Helper()
	cases, err := Load("testdata")
	if err != nil {
		t.Fatal(err)
	}
	byScenario := map[string][]*Case{}
	for _, c := range cases {
		byScenario[c.Scenario] = append(byScenario[c.Scenario], c)
	}
	return byScenario
}

// TestVectors runs every case that there is a topology for. All must agree, but those with a cache that are known to differ.
func TestVectors(t *testing.T) {
	t.Parallel()
	all := vectors(t)
	for _, name := range slices.Sorted(maps.Keys(scenarios)) {
		if len(all[name]) == 0 {
			t.Errorf("there is a topology for %s, and no case of it", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checked, cachedDiffer := 0, false
			for _, c := range all[name] {
				d := Check(c)
				switch {
				case !c.Cached():
					checked++ // a case that deviates by design against its own expectation
				case slices.Contains(differing, name):
					cachedDiffer = cachedDiffer || d != nil
					continue
				}
				if d != nil {
					t.Errorf("%s", d)
				}
			}
			if checked == 0 {
				t.Error("no case without a cache")
			}
			if !cachedDiffer && slices.Contains(differing, name) {
				t.Error("no case with a cache differs any more: take it from the list")
			}
		})
	}
}
