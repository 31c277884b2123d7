package millrace_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// TestTwoInstances lets a second instance join the first in the middle of its work, and the first leave: the tasks move,
// and every word is counted once.
func TestTwoInstances(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	id := newApp(t, cfg.Bootstrap)
	in, out := topics(t, cfg.Bootstrap, 4, 2)
	topo := wordCount(t, id, in, out)
	text := lines(6000, 100)
	first := start(t, topo, cfg)
	fed := brokertest.Feed(t, cfg.Bootstrap, in, 20, text[:4000])
	brokertest.AwaitEnd(t, cfg.Bootstrap, out, 1500, longest)
	cfg.StateDir = t.TempDir()
	second := start(t, topo, cfg)
	fed()
	brokertest.Consume(t, cfg.Bootstrap, out, 12000, longest)
	for deadline := time.Now().Add(longest); ; time.Sleep(20 * time.Millisecond) {
		both := append(first.Health().Tasks, second.Health().Tasks...)
		slices.Sort(both)
		if len(first.Health().Tasks) == 4 && len(slices.Compact(both)) == 8 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("tasks are %v and %v", first.Health().Tasks, second.Health().Tasks)
		}
	}
	if err := first.shutdown(); err != nil {
		t.Fatal(err)
	}
	brokertest.Produce(t, cfg.Bootstrap, in, text[4000:]...)
	brokertest.Consume(t, cfg.Bootstrap, out, 18000, longest)
	if diff := cmp.Diff(8, len(second.Health().Tasks)); diff != "" {
		t.Errorf("tasks of the one that is left (-want +got):\n%s", diff)
	}
	if err := second.shutdown(); err != nil {
		t.Fatal(err)
	}
	checkCounts(t, brokertest.All(t, cfg.Bootstrap, out), countsOf(6000, 100))
}
