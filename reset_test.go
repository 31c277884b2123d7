package millrace_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// After a reset an application does all anew; before it, it is only told what would go.
func TestReset(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	in, seen, out := threeTopics(t, cfg.Bootstrap)
	brokertest.Produce(t, cfg.Bootstrap, in, badInput(number(5))...)
	id := newApp(t, cfg.Bootstrap)
	cfg.ApplicationID = id
	topo := sums(t, id, in, seen, out, failing)
	neighbour := cfg
	neighbour.ApplicationID, neighbour.StateDir = id+"-2", t.TempDir()
	for _, c := range []millrace.Config{cfg, neighbour} {
		a := start(t, topo, c)
		until(t, "the rows", func() bool {
			return len(brokertest.All(t, cfg.Bootstrap, out))%5 == 0 && len(brokertest.All(t, cfg.Bootstrap, out)) > 0
		})
		if c.ApplicationID == id {
			if _, err := millrace.Reset(t.Context(), c); err == nil || !strings.Contains(err.Error(), "stop every instance") {
				t.Errorf("reset of an application that runs: %v", err)
			}
		}
		check(t, a.shutdown())
	}
	before, err := millrace.Inspect(t.Context(), cfg)
	check(t, err)
	want := []string{id + "-members", id + "-tasks", id + "-total-changelog"}
	if diff := cmp.Diff(millrace.Remains{Topics: want, Rewound: []string{in}, StateDir: before.StateDir}, before); diff != "" || before.StateDir == "" {
		t.Fatalf("remains (-want +got):\n%s", diff)
	}
	until(t, "the end of the session", func() bool {
		got, err := millrace.Reset(t.Context(), cfg)
		if err != nil && !strings.Contains(err.Error(), "stop every instance") {
			t.Fatal(err)
		}
		return err == nil && cmp.Equal(before, got)
	})
	if _, err := os.Stat(before.StateDir); !os.IsNotExist(err) {
		t.Errorf("the state directory: %v", err)
	}
	after, err := millrace.Inspect(t.Context(), cfg)
	if err != nil || after.String() != "nothing is left of it\n" {
		t.Errorf("after the reset: %s%v", after, err)
	}
	if r, err := millrace.Inspect(t.Context(), neighbour); err != nil || len(r.Topics) != 3 {
		t.Errorf("the neighbour has %+v, %v", r, err)
	}
	n := len(brokertest.All(t, cfg.Bootstrap, out))
	a := start(t, topo, cfg)
	brokertest.Consume(t, cfg.Bootstrap, out, n+5, 30*time.Second)
	check(t, a.shutdown())
	all := numbersOf(brokertest.All(t, cfg.Bootstrap, out))
	if diff := cmp.Diff([]int64{1, 3, 8, 11, 15}, all[n:]); diff != "" {
		t.Errorf("the sums anew (-want +got):\n%s", diff)
	}
}
