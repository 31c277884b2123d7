package chaos

import (
	"fmt"
	"testing"
	"time"

	"github.com/millrace-go/millrace/bench"
)

// TestPlates runs the job of record at a fixed rate while its three instances are killed at any time: each site comes out
// once, complete.
func TestPlates(t *testing.T) {
	c := brokers(t)
	plates, times, rate := size(4, 10, 100), size(4, 6, 20), size(2000, 3000, 6000)
	first := seedOf(t)
	for n := range size[uint64](1, 1, 5) {
		t.Run(fmt.Sprint("seed=", first+n), func(t *testing.T) {
			j := platesJob(t, plates)
			want := j.undisturbed(t)
			if sites := plates * bench.SitesPerPlate; want.count() != sites {
				t.Fatalf("an undisturbed run gives %d sites, not %d", want.count(), sites)
			}
			length := time.Duration(len(j.records)) * time.Second / time.Duration(rate)
			s := kills(first+n, times, length)
			t.Logf("schedule:\n%s", s)
			j.disturbed(t, c, s, rate, want)
		})
	}
}
