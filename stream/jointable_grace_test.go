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
)

var (
	visits = topology.NewTopic[string, *string]("visits")
	ranks  = topology.NewTopic[string, string]("ranks")
	ranked = topology.NewTopic[string, string]("ranked")
)

// withGrace joins visits with ranks, and adds where the record was read.
func withGrace(t *testing.T, opts ...testkit.Option) *testkit.Driver {
	t.Helper()
	b := topology.New("grace")
	rows := table.From(b, ranks, topology.As("ranks"), topology.Versioned(time.Second))
	stream.From(b, visits).
		LeftJoinTable(rows, func(v *string, rank string, ok bool) string { return fmt.Sprint(*v, " ", rank, ok) }, topology.As("j"), topology.JoinGrace(100*time.Millisecond)).
		ProcessValues(func(_ context.Context, r stream.Record[string, string]) (string, error) {
			return fmt.Sprintf("%s, offset %d", r.Value, r.Offset), nil
		}).To(ranked)
	return testkit.New(t, topology.Must(b.Build()), opts...)
}

// Records come out when they have waited, in the order of their times, with headers, offset and row of their own; what is
// later than the grace, or has no key, does not wait.
func TestJoinGrace(t *testing.T) {
	t.Parallel()
	for _, every := range []int{1, 3, 100} {
		t.Run(fmt.Sprintf("commit every %d", every), func(t *testing.T) {
			t.Parallel()
			d := withGrace(t, testkit.CommitEvery(every))
			visit := func(key, value string, at int64, headers ...stream.Header) {
				d.PipeBytes("visits", []byte(key), []byte(value), at, headers...)
			}
			visit("b", "first", 50, stream.Header{Key: "h", Value: []byte("1")})
			visit("a", "second", 40)
			visit("a", "third", 40)
			d.Input(ranks).Pipe("a", "gold", 30)
			d.Input(ranks).Pipe("b", "iron", 60)
			d.Input(ranks).Pipe("a", "lead", 45)
			d.PipeBytes("visits", []byte("a"), nil, 900) // no value: dropped, and does not move the join's time
			d.PipeBytes("visits", nil, []byte("keyless"), 60)
			visit("a", "opens", 150)
			visit("a", "late", 49)
			var got []string
			for _, r := range d.Output(ranked).ReadAll() {
				got = append(got, r.String())
			}
			want := []string{
				"null -> keyless false, offset 4 at 60",
				"a -> second goldtrue, offset 1 at 40",
				"a -> third goldtrue, offset 2 at 40",
				"b -> first false, offset 0 at 50 h=1",
				"a -> late leadtrue, offset 6 at 49",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if n := d.Dropped(); n != 1 {
				t.Errorf("%d records dropped, want 1: the one without a value", n)
			}
		})
	}
}

func TestJoinGraceRefused(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		history []topology.Option
		grace   time.Duration
		named   bool
		want    string
	}{
		"negative":             {[]topology.Option{topology.Versioned(time.Hour)}, -1, true, "give whole milliseconds that are not negative"},
		"half a millisecond":   {[]topology.Option{topology.Versioned(time.Hour)}, time.Millisecond / 2, true, "give whole milliseconds"},
		"not versioned":        {nil, time.Second, true, "a grace needs a versioned table"},
		"longer than history":  {[]topology.Option{topology.Versioned(time.Second)}, time.Minute, true, "longer than the table's history of 1000 ms"},
		"without a name":       {[]topology.Option{topology.Versioned(time.Hour)}, time.Second, false, "needs a name"},
		"a negative history":   {[]topology.Option{topology.Versioned(-time.Second)}, 0, true, "a history of -1s"},
		"emission on a commit": {[]topology.Option{topology.Versioned(time.Second), topology.EmitOnCommit()}, 0, true, "topology.EmitOnCommit is not for versioned tables"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("refused")
			rows := table.From(b, ranks, append(row.history, topology.As("ranks"))...)
			opts := []topology.Option{topology.JoinGrace(row.grace)}
			if row.named {
				opts = append(opts, topology.As("j"))
			}
			stream.From(b, visits).JoinTable(rows, func(v *string, _ string) *string { return v }, opts...).To(visits)
			_, err := b.Build()
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("Build = %v, want an error with %q", err, row.want)
			}
		})
	}
}
