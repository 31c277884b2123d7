package table_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// waiting is a change that a model of a suppressed table holds: it is let go as record, by the time of its key's first.
type waiting struct {
	key, record string
	at          int64
}

// A suppressed table lets go what a sorted list would, with random limits and bounds, and whatever interruptions there are
// between two records.
//
// A run is repeated with: go test ./table -run TestSuppressModel -seed N.
func TestSuppressModel(t *testing.T) {
	t.Parallel()
	seeds := []uint64{1, 2, 3, 4, 5, 6, rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64()}
	if *seed != 0 {
		seeds = []uint64{*seed}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("-seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 11))
			limit, most := rng.Int64N(200), int64(1000)
			opts := []topology.Option{}
			if rng.IntN(2) == 0 {
				most = rng.Int64N(6)
				opts = append(opts, topology.BufferRecords(most))
			}
			if rng.IntN(2) == 0 {
				opts = append(opts, topology.InMemory())
			}
			d := testkit.New(t, topology.Must(letFor(time.Duration(limit)*time.Millisecond, opts...).Build()))
			var list []waiting
			now := int64(0)
			for range 250 {
				switch rng.IntN(10) {
				case 0:
					d.Interrupt(testkit.Interruption(1+rng.IntN(3)), 0)
				case 1:
					d.Restart(testkit.Interruption(1 + rng.IntN(3)))
				}
				r := fmt.Sprintf("%c %s %d", "abcdefgh"[rng.IntN(8)], []string{"x", "yy", deleted}[rng.IntN(3)], max(0, now+rng.Int64N(120)-60))
				var want []string
				list, now, want = hold(list, r, now, limit, most)
				if diff := gocmp.Diff([]string{strings.Join(want, ", ")}, pipeAll(d, r)); diff != "" {
					t.Fatalf("limit %d, at most %d: %s (-model +table):\n%s", limit, most, r, diff)
				}
			}
		})
	}
}

// hold adds a record to the list and returns what is let go.
func hold(list []waiting, record string, now, limit, most int64) ([]waiting, int64, []string) {
	var key, value string
	var at int64
	if _, err := fmt.Sscan(record, &key, &value, &at); err != nil {
		panic(err)
	}
	if i := slices.IndexFunc(list, func(w waiting) bool { return w.key == key }); i >= 0 {
		list[i].record = record
	} else {
		list = append(list, waiting{key, record, at})
	}
	slices.SortFunc(list, func(a, b waiting) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.key, b.key)) })
	now = max(now, at)
	var out []string
	for len(list) > 0 && (list[0].at <= now-limit || int64(len(list)) > most) {
		out = append(out, list[0].record)
		list = list[1:]
	}
	return list, now, out
}
