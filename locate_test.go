package millrace_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/window"
)

// TestLocate: every row of two instances is where both say that it is.
func TestLocate(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.Standbys = 1
	x := tally(t, cfg.Bootstrap)
	idle, err := millrace.New(x.topo, cfg)
	check(t, err)
	if _, err := millrace.Locate(idle, x.all, "ann"); err == nil || !strings.Contains(err.Error(), "does not run") {
		t.Errorf("an App that does not run: %v", err)
	}
	apps := map[string]*app{}
	for _, address := range []string{"one:1", "two:2"} {
		cfg.AdvertisedAddress, cfg.StateDir = address, t.TempDir()
		apps[address] = start(t, x.topo, cfg)
	}
	until(t, "a task and a standby for each", func() bool {
		for _, a := range apps {
			if h := a.Health(); len(h.Tasks) != 1 || len(h.Standbys) != 1 {
				return false
			}
		}
		return true
	})
	const people = 40
	var list []brokertest.Record
	for i := range people {
		list = append(list, brokertest.Record{Key: fmt.Append(nil, "person", i), Value: number(1), Timestamp: time.UnixMilli(60_000)})
	}
	brokertest.Produce(t, cfg.Bootstrap, x.in, list...)
	for range people {
		<-x.seen
	}
	found := map[string]string{} // person -> address
	until(t, "all rows", func() bool {
		for address, a := range apps {
			_, err := millrace.QueryRows(t.Context(), a.App, x.all, func(r *state.Reader[string, int64]) error {
				for row, err := range r.All() {
					if err != nil {
						return err
					}
					found[row.Key] = address
				}
				return nil
			})
			check(t, err)
		}
		return len(found) == people
	})
	other := map[string]string{"one:1": "two:2", "two:2": "one:1"}
	for person, address := range found {
		for asked, a := range apps {
			whole, err := millrace.Locate(a.App, x.all, person)
			check(t, err)
			part, err := millrace.Locate(a.App, x.minutes, window.Key[string]{Key: person, Start: 60_000, End: 120_000})
			check(t, err)
			if diff := cmp.Diff(whole, part); diff != "" {
				t.Errorf("%s's count and that by minute are apart (-count +by minute):\n%s", person, diff)
			}
			if whole.Address != address || whole.Here != (asked == address) || len(whole.Standbys) != 1 || whole.Standbys[0].Address != other[address] {
				t.Errorf("%s is at %s, and %s says: %+v", person, address, asked, whole)
			}
		}
	}
	y := tally(t, cfg.Bootstrap)
	if _, err := millrace.Locate(apps["one:1"].App, y.all, "ann"); err == nil || !strings.Contains(err.Error(), "no task holds the table") {
		t.Errorf("a table of another topology: %v", err)
	}
}
