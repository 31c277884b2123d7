package stream_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// A store that emits on commit and is fed by another such store emits in the same commit: what it does not emit then, it never does.
func TestEmitOnCommitInAChain(t *testing.T) {
	t.Parallel()
	in, out := topology.NewTopic[string, string]("in"), topology.NewTopic[string, int64]("out")
	b := topology.New("chain")
	counts := stream.From(b, in).GroupByKey().Count(topology.As("counts"), topology.EmitOnCommit())
	tens := counts.MapValues(func(n int64) int64 { return 10 * n }, topology.As("tens"), topology.EmitOnCommit())
	hundreds := tens.MapValues(func(n int64) int64 { return 10 * n }, topology.As("hundreds"), topology.EmitOnCommit())
	stream.Changes(hundreds).To(out)
	d := testkit.New(t, topology.Must(b.Build()), testkit.CommitEvery(3))
	for i, k := range []string{"a", "b", "a", "b", "b", "a"} {
		header := stream.Header{Key: "at", Value: []byte{'0' + byte(i)}}
		d.Input(in).PipeRecord(stream.Record[string, string]{Key: k, Timestamp: int64(i), Headers: []stream.Header{header}})
	}
	type row struct {
		Key   string
		Value int64
		At    string // the header of the record that wrote the row last
	}
	var got []row
	for _, r := range d.Output(out).ReadAll() {
		got = append(got, row{r.Key, r.Value, string(r.Headers[0].Value)})
	}
	if diff := cmp.Diff([]row{{"b", 100, "1"}, {"a", 200, "2"}, {"b", 300, "4"}, {"a", 300, "5"}}, got); diff != "" {
		t.Error(diff)
	}
}

// A delete is emitted with the time of the record that made it, not with the row's.
func TestEmitOnCommitOfADelete(t *testing.T) {
	t.Parallel()
	in, out := topology.NewTopic[string, int64]("in"), topology.NewTopic[string, int64]("out")
	b := topology.New("delete")
	sums := stream.From(b, in).GroupByKey().AggregateOrDelete(func() int64 { return 0 },
		func(a int64, _ string, v int64) (int64, bool) { return a + v, a+v > 0 }, topology.As("sums"), topology.EmitOnCommit())
	stream.Changes(sums).To(out)
	d := testkit.New(t, topology.Must(b.Build()))
	d.Input(in).Pipe("a", 3, 140)
	d.Input(in).Pipe("a", -3, 120)
	var got []string
	for _, p := range d.Produced() {
		got = append(got, p.String())
	}
	want := []string{
		`out[0] "a" -> "\x00\x00\x00\x00\x00\x00\x00\x03" at 140`,
		`out[0] "a" -> null at 120`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A session at the very edge of its store's retention is not late: it is emitted, although a store in memory does not keep it.
func TestEmitOnCommitOfASessionThatExpires(t *testing.T) {
	t.Parallel()
	in, out := topology.NewTopic[string, string]("in"), topology.NewTopic[window.Key[string], int64]("out")
	b := topology.New("edge")
	sessions := stream.From(b, in).GroupByKey().WindowedBySession(window.Session(10*time.Millisecond, 30*time.Millisecond)).
		Count(topology.As("sessions"), topology.EmitOnCommit(), topology.InMemory())
	stream.Changes(sessions).To(out)
	d := testkit.New(t, topology.Must(b.Build()))
	d.Input(in).Pipe("a", "", 1000)
	d.Input(in).Pipe("b", "", 960) // 1000 - 30 - 10
	d.Input(in).Pipe("c", "", 959) // late
	var got []string
	for _, r := range d.Output(out).ReadAll() {
		got = append(got, r.Key.String())
	}
	if diff := cmp.Diff([]string{"[a@1000/1000]", "[b@960/960]"}, got); diff != "" {
		t.Error(diff)
	}
	if n := d.Dropped(); n != 2 {
		t.Errorf("%d dropped, want 2: the late one, and the one that the store did not keep", n)
	}
}
