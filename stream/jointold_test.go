package stream_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// Tables of windows and sessions that emit on commit are joined as if the changes of both sides since the last commit came one
// side after the other: one result for a window that changed on both, and none left of sessions that both sides merged.
func TestJoinOfWindowsToldAtCommits(t *testing.T) {
	t.Parallel()
	type counts = *table.Table[window.Key[string], int64]
	a, c := topology.NewTopic[string, string]("a"), topology.NewTopic[string, string]("c")
	out := topology.NewTopic[window.Key[string], int64]("out")
	for _, tc := range []struct {
		name  string
		count func(g *stream.Grouped[string, string], name string) counts
		want  []string
	}{
		{"windows", func(g *stream.Grouped[string, string], name string) counts {
			return g.WindowedBy(window.Tumbling(10*time.Millisecond, window.NoGrace)).Count(topology.As(name), topology.EmitOnCommit())
		}, []string{"[k@0/10] -> 11 at 0", "[k@0/10] -> 21 at 5", "[k@0/10] -> 22 at 5"}},
		{"sessions", func(g *stream.Grouped[string, string], name string) counts {
			return g.WindowedBySession(window.Session(10*time.Millisecond, window.NoGrace)).Count(topology.As(name), topology.EmitOnCommit())
		}, []string{"[k@0/0] -> 11 at 0", "[k@0/0] -> null at 0", "[k@0/5] -> 22 at 5"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("told")
			left := tc.count(stream.From(b, a).GroupByKey(), "left")
			right := tc.count(stream.From(b, c).GroupByKey(), "right")
			left.Join(right, func(l, r int64) int64 { return 10*l + r }).To(out)
			d := testkit.New(t, build(t, b), testkit.CommitEvery(1000))
			for _, at := range []int64{0, 5} {
				d.Input(a).Pipe("k", "", at)
				d.Input(c).Pipe("k", "", at)
				d.Commit()
			}
			var got []string
			for _, r := range d.Output(out).ReadAll() {
				got = append(got, r.String())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
