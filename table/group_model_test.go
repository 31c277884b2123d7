package table_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

var groupSeed = flag.Uint64("groupseed", 0, "repeat the run of the property test of groups with this seed")

// sums is an aggregate that is changed in place.
type sums struct {
	Rows int
	By   map[string]int // rows by value
}

func (s *sums) put(_ string, v string) *sums {
	s.Rows++
	s.By[v]++
	return s
}

func (s *sums) take(_ string, v string) *sums {
	s.Rows--
	if s.By[v]--; s.By[v] == 0 {
		delete(s.By, v)
	}
	return s
}

// Rows come, move between groups, change and go. In the end each group holds what its rows add up to, whatever was subtracted on
// the way, over any number of partitions and with any kind of store; and so do the groups of these groups.
//
// A run is repeated with: go test ./table -run TestGroupsAddUp -groupseed N.
func TestGroupsAddUp(t *testing.T) {
	t.Parallel()
	var seeds []uint64
	for range 60 {
		seeds = append(seeds, rand.Uint64())
	}
	if *groupSeed != 0 {
		seeds = []uint64{*groupSeed}
	}
	for _, seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 11))
		rows := map[string]string{}
		got, groups := regrouped(t, rng, rows)
		want := map[string]string{}
		for _, g := range groups {
			s := sums{By: map[string]int{}} // a group that has lost its rows stays, empty
			for k, v := range rows {
				if v[:1] == g {
					s.put(k, v)
				}
			}
			want[g] = fmt.Sprint(s)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-groupseed=%d: groups (-want +got):\n%s", seed, diff)
		}
	}
}

// regrouped pipes random updates, which it notes in rows, and returns the last state of every group that there ever was.
func regrouped(t *testing.T, rng *rand.Rand, rows map[string]string) (groups map[string]string, ever []string) {
	t.Helper()
	in, out := topology.NewTopic[string, string]("in"), topology.NewTopic[string, string]("out")
	opts := func(name string) []topology.Option {
		o := []topology.Option{topology.As(name)}
		if rng.IntN(2) == 0 {
			o = append(o, topology.InMemory())
		}
		if rng.IntN(2) == 0 {
			o = append(o, topology.EmitOnCommit())
		}
		return o
	}
	b := topology.New("groups")
	all := table.From(b, in, opts("rows")...).
		GroupBy(func(_, v string) (string, string) { return v[:1], v }, topology.As("by")).
		Aggregate(func() *sums { return &sums{By: map[string]int{}} }, (*sums).put, (*sums).take, opts("all")...)
	stream.Changes(all).MapValues(func(s *sums) string { return fmt.Sprint(*s) }).To(out)
	sizes := all.GroupBy(func(k string, s *sums) (int64, string) { return int64(s.Rows), k }, topology.As("by-size")).Count(opts("sizes")...)
	stream.Changes(sizes).To(topology.NewTopic[int64, int64]("sizes_out"))

	kit := []testkit.Option{testkit.Partitions(int32(1 + rng.IntN(4))), testkit.CommitEvery(1 + rng.IntN(5))}
	d := testkit.New(t, build(t, b), kit...)
	for i := range 150 {
		k, v := string("uvwxyz"[rng.IntN(6)]), fmt.Sprintf("%c%d", "abc"[rng.IntN(3)], rng.IntN(3))
		if rng.IntN(5) == 0 {
			delete(rows, k)
			d.Input(in).PipeNull(k, int64(i))
			continue
		}
		rows[k] = v
		if g := v[:1]; !slices.Contains(ever, g) {
			ever = append(ever, g)
		}
		d.Input(in).Pipe(k, v, int64(i))
	}
	for range 3 { // from one sub-topology to the next
		d.Commit()
	}
	groups, bySize := map[string]string{}, map[int64]int64{}
	for _, r := range d.Output(out).ReadAll() {
		groups[r.Key] = r.Value
	}
	for _, r := range d.Rows[string, *sums]("all") {
		bySize[int64(r.Value.Rows)]++
	}
	sized := map[int64]int64{}
	for _, r := range d.Rows[int64, int64]("sizes") {
		if r.Value != 0 { // that size had a group once
			sized[r.Key] = r.Value
		}
	}
	if !maps.Equal(bySize, sized) {
		t.Errorf("groups by their size: %v, want %v", sized, bySize)
	}
	return groups, ever
}
