package stream_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// A null value is nothing to join, and an inner join drops what has no key for the table, too. A null key of the stream is
// the selector's business.
func TestJoinGlobalOfNulls(t *testing.T) {
	t.Parallel()
	type S = *stream.Stream[string, *string]
	type G = *table.Global[*string, string]
	rows, in := topology.NewTopic[*string, string]("rows"), topology.NewTopic[string, *string]("in")
	byValue := func(k string, v *string) *string {
		if *v == "no key" {
			return nil
		}
		key := k + *v
		return &key
	}
	for _, tc := range []struct {
		name    string
		draw    func(s S, g G) *stream.Stream[string, string]
		want    string
		dropped int64
	}{
		{"JoinGlobal", func(s S, g G) *stream.Stream[string, string] {
			return s.JoinGlobal(g, byValue, func(v *string, row string) string { return *v + row })
		}, "k -> v=1, null -> v=2", 4},
		{"LeftJoinGlobal", func(s S, g G) *stream.Stream[string, string] {
			return s.LeftJoinGlobal(g, byValue, func(v *string, row string, ok bool) string { return fmt.Sprint(*v, row, ok) })
		}, "k -> v=1true, other -> vfalse, k -> no keyfalse, null -> v=2true", 3},
		{"a nil result", func(s S, g G) *stream.Stream[string, string] {
			return s.JoinGlobal(g, byValue, func(*string, string) *string { return nil }).ProcessValues(nullness)
		}, "k -> null, null -> null", 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("join")
			tc.draw(stream.From(b, in), table.FromGlobal(b, rows)).To(text)
			d := testkit.New(t, build(t, b), testkit.Partitions(3))
			kv, zeroV := "kv", "v"
			d.Input(rows).Pipe(&kv, "=1", 5)
			d.Input(rows).Pipe(&zeroV, "=2", 5)
			d.Input(rows).PipeNullKey("lost", 5)
			none := "no key"
			d.Input(in).Pipe("k", &zeroV, 0)
			d.Input(in).Pipe("other", &zeroV, 0)
			d.Input(in).Pipe("k", &none, 0)
			d.Input(in).PipeNull("k", 0)
			d.Input(in).PipeNullKey(&zeroV, 0)
			d.Input(in).PipeRecord(stream.Record[string, *string]{NullKey: true, Null: true})
			var got []string
			for _, r := range d.Output(text).ReadAll() {
				got = append(got, strings.TrimSuffix(r.String(), " at 0"))
			}
			if diff := cmp.Diff(tc.want, strings.Join(got, ", ")); diff != "" || d.Dropped() != tc.dropped {
				t.Errorf("%d dropped, want %d: %s", d.Dropped(), tc.dropped, diff)
			}
		})
	}
}

// What the topology itself writes to a global table's topic is in the table for the records that come then; a record that does
// not decode is dropped where the test says so.
func TestGlobalTableOfOwnOutput(t *testing.T) {
	t.Parallel()
	in, totals := topology.NewTopic[string, string]("in"), topology.NewTopic[string, int64]("totals")
	b := topology.New("own")
	words := stream.From(b, in)
	words.LeftJoinGlobal(table.FromGlobal(b, totals), func(k, _ string) string { return k }, func(v string, n int64, _ bool) string {
		return fmt.Sprint(v, n)
	}).To(text)
	stream.Changes(words.GroupByKey().Count(topology.As("counts"))).To(totals)
	d := testkit.New(t, build(t, b), testkit.SkipErrors())
	for i, v := range []string{"a", "b", "c"} {
		d.Input(in).Pipe("k", v, int64(i))
	}
	d.PipeBytes("totals", []byte("k"), []byte("no number"), 9)
	if diff := cmp.Diff([]string{"a0", "b1", "c2"}, d.Output(text).Values()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]testkit.Row[string, int64]{{Key: "k", Value: 3, Timestamp: 2}}, d.Rows[string, int64]("totals")); diff != "" {
		t.Error(diff)
	}
	if d.Dropped() != 1 || !strings.Contains(d.Skips()[0], "totals (joinglobal_test.go:") || !strings.Contains(d.Skips()[0], "does not decode") {
		t.Errorf("dropped %q", d.Skips())
	}
}

// A processor opens a global table without naming it, and reads rows, ranges and prefixes of it.
func TestGlobalTableInProcess(t *testing.T) {
	t.Parallel()
	in, rows := topology.NewTopic[string, string]("in"), topology.NewTopic[string, string]("rows")
	b := topology.New("process")
	global := table.FromGlobal(b, rows, topology.InMemory())
	stream.From(b, in).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		g, err := global.Open(c)
		return func(r stream.Record[string, string]) error {
			v, ok, err := g.Get(r.Key)
			row, _, err2 := g.GetRow(r.Key)
			found := fmt.Sprint(v, ok, " ", row.Timestamp, " ")
			for row, err := range g.Range("a", "c") {
				found += row.Key + fmt.Sprint(err)
			}
			for row, err := range g.RangeBackward("a", "c") {
				found += row.Key + fmt.Sprint(err)
			}
			for row, err := range g.Prefix([]byte("b")) {
				found += " " + row.Key + fmt.Sprint(err)
			}
			r.Value = strings.ReplaceAll(found, "<nil>", ",")
			return errors.Join(err, err2, c.Forward(r))
		}, err
	}).To(text)
	d := testkit.New(t, build(t, b))
	for i, k := range []string{"a", "b", "ba", "c"} {
		d.Input(rows).Pipe(k, "row "+k, int64(i))
	}
	d.Input(in).Pipe("b", "", 0)
	d.Input(in).Pipe("d", "", 0)
	if diff := cmp.Diff([]string{"row btrue 1 a,b,ba,ba,b,a, b, ba,", "false 0 a,b,ba,ba,b,a, b, ba,"}, d.Output(text).Values()); diff != "" {
		t.Error(diff)
	}
}
