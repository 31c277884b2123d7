package stream_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// Tables of windows and of sessions are looked up by key and window: rows of one that have expired, and windows and sessions that
// are not there, are joined with nothing.
func TestJoinsOfWindowedTables(t *testing.T) {
	t.Parallel()
	type G = *stream.Grouped[string, string]
	type T = *table.Table[window.Key[string], int64]
	tumbling := func(g G, opts ...topology.Option) T {
		return g.WindowedBy(window.Tumbling(10*time.Millisecond, window.NoGrace)).Count(opts...)
	}
	sliding := func(g G, opts ...topology.Option) T {
		return g.WindowedBy(window.Sliding(10*time.Millisecond, 10*time.Millisecond)).Count(opts...)
	}
	sessions := func(g G, opts ...topology.Option) T {
		return g.WindowedBySession(window.Session(5*time.Millisecond, 5*time.Millisecond)).Count(opts...)
	}
	for _, tc := range []struct {
		name  string
		count func(g G, opts ...topology.Option) T
		want  string
	}{
		{
			"tumbling", tumbling,
			"[a@0/10] 1+0 at 1; [a@0/10] 1+1 at 2; [a@0/10] 2+1 at 3; [b@0/10] 1+0 at 4; [a@100/110] 0+1 at 100; [c@90/100] 1+0 at 95",
		},
		{
			"sliding", sliding,
			"[a@0/10] 1+0 at 1; [a@0/10] 1+1 at 2; [a@2/12] 1+0 at 3; [a@0/10] 2+1 at 3; [b@0/10] 1+0 at 4; [a@90/100] 0+1 at 100; [c@85/95] 1+0 at 95",
		},
		{
			"sessions", sessions,
			"[a@1/1] 1+0 at 1; [a@2/2] 0+1 at 2; [a@1/1] null at 1; [a@1/3] 2+0 at 3; [b@4/4] 1+0 at 4; [a@100/100] 0+1 at 100; [c@95/95] 1+0 at 95",
		},
	} {
		for _, kind := range []string{"disk", "memory", "at each commit"} {
			t.Run(tc.name+" "+kind, func(t *testing.T) {
				t.Parallel()
				var opts []topology.Option
				switch kind {
				case "memory":
					opts = append(opts, topology.InMemory())
				case "at each commit":
					opts = append(opts, topology.EmitOnCommit())
				}
				in, other := topology.NewTopic[string, string]("in"), topology.NewTopic[string, string]("other")
				b := topology.New("views")
				lefts := tc.count(stream.From(b, in).GroupByKey(), append(opts, topology.As("lefts"))...)
				rights := tc.count(stream.From(b, other).GroupByKey(), append(opts, topology.As("rights"))...)
				joined := lefts.OuterJoin(rights, func(l int64, _ bool, r int64, _ bool) string { return fmt.Sprintf("%d+%d", l, r) })
				stream.Changes(joined).ProcessValues(nullness).To(topology.NewTopic[window.Key[string], string]("out"))
				d := testkit.New(t, build(t, b))
				d.Input(in).Pipe("a", "", 1)
				d.Input(other).Pipe("a", "", 2)
				d.Input(in).Pipe("a", "", 3)
				d.Input(in).Pipe("b", "", 4)
				d.Input(other).Pipe("a", "", 100)
				d.Input(in).Pipe("c", "", 95)
				got := strings.Join(show(d, topology.NewTopic[window.Key[string], string]("out")), "; ")
				if diff := cmp.Diff(tc.want, strings.ReplaceAll(got, " -> ", " ")); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// Old values of windows: what a filter that lets a row go deletes, whether each update is forwarded or each commit's last.
func TestOldValuesOfWindows(t *testing.T) {
	t.Parallel()
	type G = *stream.Grouped[string, string]
	type T = *table.Table[window.Key[string], int64]
	for _, tc := range []struct {
		name  string
		count func(g G, opts ...topology.Option) T
	}{
		{"tumbling", func(g G, opts ...topology.Option) T { return g.WindowedBy(day).Count(opts...) }},
		{"sliding", func(g G, opts ...topology.Option) T {
			return g.WindowedBy(window.Sliding(time.Hour, time.Hour)).Count(opts...)
		}},
		{"session", func(g G, opts ...topology.Option) T { return g.WindowedBySession(night).Count(opts...) }},
	} {
		for _, later := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, at commits %v", tc.name, later), func(t *testing.T) {
				t.Parallel()
				opts := []topology.Option{topology.As("counts")}
				if later {
					opts = append(opts, topology.EmitOnCommit())
				}
				in := topology.NewTopic[string, string]("in")
				b := topology.New("old")
				few := tc.count(stream.From(b, in).GroupByKey(), opts...).Filter(func(_ window.Key[string], n int64) bool { return n%3 != 2 })
				few.Join(few, func(a, b int64) int64 { return a + b }) // asks for the old values
				stream.Changes(few).ProcessValues(func(ctx context.Context, r stream.Record[window.Key[string], int64]) (string, error) {
					return nullness(ctx, r)
				}).SelectKey(innerKey).To(text)
				d := testkit.New(t, build(t, b))
				for range 4 {
					d.Input(in).Pipe("a", "", 10)
				}
				want := "1 null 3 4"
				if tc.name == "session" && !later { // of one time: Kafka Streams tells no old value of it
					want = "1 3 4"
				}
				if got := strings.Join(d.Output(text).Values(), " "); got != want {
					t.Errorf("%q, want %q", got, want)
				}
			})
		}
	}
}
