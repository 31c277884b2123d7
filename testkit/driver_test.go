package testkit_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// Records go where Kafka's default partitioner sends them, unless the test says where; those without a key go round.
func TestPartitions(t *testing.T) {
	t.Parallel()
	partitions := topology.NewTopic[string, string]("partitions")
	b := topology.New("partitions")
	stream.From(b, images).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, int64]) error, error) {
		return func(r stream.Record[string, int64]) error {
			return c.Forward(stream.Record[string, string]{Key: r.Key, Value: fmt.Sprintf("%s %d/%d", r.Topic, r.Partition, r.Offset)})
		}, nil
	}).To(partitions)
	d := testkit.New(t, build(t, b), testkit.TopicPartitions("images", 3))
	in := d.Input(images)
	in.Pipe("A01", 1, 0)
	in.Pipe("B07", 1, 0)
	in.Pipe("A01", 1, 0)
	in.PipeNullKey(1, 0)
	in.PipeNullKey(1, 0)
	in.PipeTo(1, stream.Record[string, int64]{Key: "A01"})
	d.PipeBytes("images", []byte("B07"), nil, 0)
	want := []string{"images 2/0", "images 0/0", "images 2/1", "images 0/1", "images 1/0", "images 1/1", "images 0/2"}
	if diff := cmp.Diff(want, d.Output(partitions).Values()); diff != "" {
		t.Error(diff)
	}
}

// A windowed key goes where its inner key goes, into the topology and out of it.
func TestPartitionOfAWindowedKey(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[window.Key[string], int64]("windowed")
	out := topology.NewTopic[window.Key[string], int64]("out")
	b := topology.New("windowed")
	stream.From(b, in).To(out)
	d := testkit.New(t, build(t, b), testkit.Partitions(5))
	for start := range int64(20) {
		d.Input(in).Pipe(window.Key[string]{Key: "A01", Start: start, End: start + 1}, 1, 0)
	}
	d.Input(in).Pipe(window.Key[string]{Key: "A02"}, 1, 0)
	got := map[string][]int32{}
	for _, r := range d.Output(out).ReadAll() {
		if k := r.Key.Key; !slices.Contains(got[k], r.Partition) {
			got[k] = append(got[k], r.Partition)
		}
	}
	if diff := cmp.Diff(map[string][]int32{"A01": {3}, "A02": {1}}, got); diff != "" {
		t.Error(diff)
	}
}

// A topic that a record names has the partitions that the test gave it.
func TestPartitionsOfAChosenTopic(t *testing.T) {
	t.Parallel()
	b := topology.New("chosen")
	stream.From(b, images).ToFunc(func(stream.Record[string, int64]) string { return "bright_images" })
	d := testkit.New(t, build(t, b), testkit.TopicPartitions("bright_images", 3))
	d.Input(images).Pipe("A01", 1, 0)
	d.Input(images).Pipe("B07", 1, 0)
	var got []int32
	for _, r := range d.Output(bright).ReadAll() {
		got = append(got, r.Partition)
	}
	if diff := cmp.Diff([]int32{2, 0}, got); diff != "" {
		t.Error(diff)
	}
}

func TestHeadersAndNulls(t *testing.T) {
	t.Parallel()
	archive := topology.NewTopic[string, int64]("archive")
	b := topology.New("copy")
	stream.From(b, images).To(archive)
	d := testkit.New(t, build(t, b))
	sent := []stream.Record[string, int64]{
		{Key: "A01", Value: 1, Timestamp: 1, Headers: []stream.Header{{Key: "a", Value: []byte("1")}, {Key: "a"}, {Key: "b", Value: []byte{}}}},
		{Key: "A01", Null: true, Timestamp: 2},
		{NullKey: true, Value: 3, Timestamp: 3},
		{NullKey: true, Null: true, Timestamp: 4},
		{Key: "", Value: 0, Timestamp: 0},
	}
	for _, r := range sent {
		d.Input(images).PipeRecord(r)
	}
	got := d.Output(archive).ReadAll()
	for i := range sent {
		sent[i].Topic = "archive"
	}
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Error(diff)
	}
	want := []string{
		`A01 -> 1 at 1 a=1 a=null b=`, `A01 -> null at 2`, `null -> 3 at 3`, `null -> null at 4`, ` -> 0 at 0`,
	}
	for i, r := range got {
		if r.String() != want[i] {
			t.Errorf("String = %q, want %q", r, want[i])
		}
	}
}

// A record is read once, whichever Output reads it.
func TestOutputsShareTheirPlace(t *testing.T) {
	t.Parallel()
	b := topology.New("bright")
	drawBright(b)
	d := testkit.New(t, build(t, b))
	for i := range int64(3) {
		d.Input(images).Pipe("A01", 101+i, i)
	}
	first := d.Output(bright).Read().Value
	rest := d.Output(bright).Values()
	if first != 101 || !slices.Equal(rest, []int64{102, 103}) || d.Output(bright).ReadAll() != nil {
		t.Errorf("read %d, then %v", first, rest)
	}
	if n := len(d.Produced()); n != 3 {
		t.Errorf("%d records in all, want 3", n)
	}
}

// Stores are read over all tasks, in each by key.
func TestRows(t *testing.T) {
	t.Parallel()
	b := topology.New("rows")
	g := stream.From(b, images).GroupByKey()
	g.Count(topology.As("counts"))
	g.WindowedBy(window.Tumbling(10*time.Millisecond, time.Second)).Count(topology.As("windows"))
	g.WindowedBySession(window.Session(10*time.Millisecond, time.Hour)).Count(topology.As("sessions"))
	d := testkit.New(t, build(t, b), testkit.Partitions(3))
	d.Input(images).Pipe("B07", 1, 5) // partition 0
	d.Input(images).Pipe("A01", 1, 5) // partition 2
	d.Input(images).Pipe("A01", 1, 12)
	want := []testkit.Row[string, int64]{{Key: "B07", Value: 1, Timestamp: 5}, {Key: "A01", Value: 2, Timestamp: 12}}
	if diff := cmp.Diff(want, d.Rows[string, int64]("counts")); diff != "" {
		t.Error(diff)
	}
	wantWindows := []testkit.WindowRow[string, int64]{
		{Key: "B07", Value: 1, Timestamp: 5}, {Key: "A01", Value: 1, Timestamp: 5}, {Key: "A01", Start: 10, Value: 1, Timestamp: 12},
	}
	if diff := cmp.Diff(wantWindows, d.WindowRows[string, int64]("windows")); diff != "" {
		t.Error(diff)
	}
	wantSessions := []testkit.Row[window.Key[string], int64]{
		{Key: window.Key[string]{Key: "B07", Start: 5, End: 5}, Value: 1, Timestamp: 5},
		{Key: window.Key[string]{Key: "A01", Start: 5, End: 12}, Value: 2, Timestamp: 12},
	}
	if diff := cmp.Diff(wantSessions, d.SessionRows[string, int64]("sessions")); diff != "" {
		t.Error(diff)
	}
}

// The wall clock moves when the test says so, from where it says; intervals that were missed count as one.
func TestAdvance(t *testing.T) {
	t.Parallel()
	ticks := topology.NewTopic[string, int64]("ticks")
	b := topology.New("clock")
	stream.From(b, images).Process(func(c *stream.Context[string, int64]) (func(stream.Record[string, int64]) error, error) {
		tick := func(now int64) error {
			return c.Forward(stream.Record[string, int64]{Key: "tick", Value: now, Timestamp: now})
		}
		c.Every(time.Second, tick)
		return func(stream.Record[string, int64]) error { return tick(c.WallTime()) }, nil
	}).To(ticks)
	d := testkit.New(t, build(t, b), testkit.StartAt(10_500))
	d.Input(images).Pipe("A01", 1, 99)
	for _, by := range []time.Duration{999 * time.Millisecond, time.Millisecond, 3 * time.Second, 500 * time.Millisecond, 500 * time.Millisecond} {
		d.Advance(by)
	}
	if diff := cmp.Diff([]int64{10_500, 11_500, 14_500, 15_500}, d.Output(ticks).Values()); diff != "" {
		t.Error(diff)
	}
}

// What fails is dropped and counted, with the place; what it had done is undone.
func TestSkipErrors(t *testing.T) {
	t.Parallel()
	b := topology.New("skips")
	rows := state.KeyValue[string, int64]("rows")
	s := stream.From(b, images, topology.As("camera"))
	s.Process(func(c *stream.Context[string, int64]) (func(stream.Record[string, int64]) error, error) {
		kv, err := rows.Open(c)
		return func(r stream.Record[string, int64]) error {
			if r.Null {
				c.Skip("no intensity: leave such images out")
				return nil
			}
			if err := kv.Put(r.Key, r.Value); err != nil {
				return err
			}
			if r.Value < 0 {
				return errors.New("a negative intensity: calibrate the camera")
			}
			return c.Forward(r)
		}, err
	}, topology.WithStores(rows), topology.As("check")).To(bright)
	d := testkit.New(t, build(t, b), testkit.SkipErrors(), testkit.Partitions(3))
	d.Input(images).Pipe("A01", 7, 0)
	d.PipeBytes("images", []byte("A01"), []byte("xyz"), 1)
	d.Input(images).Pipe("A01", -7, 2)
	d.Input(images).PipeNull("A01", 3)
	d.Input(images).Pipe("A01", 8, -1)
	d.Input(images).Pipe("A01", 9, 5)
	want := []string{
		"camera (driver_test.go:N): the value does not decode (serde: int64 takes 8 bytes, found 3: was this written with another type?): " +
			"give the topic the serde that its records are written with: topic images, partition 2, offset 1",
		"check (driver_test.go:N): a negative intensity: calibrate the camera: topic images, partition 2, offset 2",
		"check (driver_test.go:N): no intensity: leave such images out: topic images, partition 2, offset 3",
		"camera (driver_test.go:N): negative timestamp: topic images, partition 2, offset 4",
	}
	var got []string
	for _, s := range d.Skips() {
		got = append(got, place.ReplaceAllString(s, "_test.go:N"))
	}
	if diff := cmp.Diff(want, got); diff != "" || d.Dropped() != 4 {
		t.Errorf("%d dropped: %s", d.Dropped(), diff)
	}
	if diff := cmp.Diff([]int64{7, 9}, d.Output(bright).Values()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]testkit.Row[string, int64]{{Key: "A01", Value: 9, Timestamp: 5}}, d.Rows[string, int64]("rows")); diff != "" {
		t.Error(diff)
	}
}

// With a commit after several records there is no way back to one of them.
func TestSkipErrorsBetweenCommits(t *testing.T) {
	t.Parallel()
	b := topology.New("skips")
	rows := state.KeyValue[string, int64]("rows")
	stream.From(b, images).Process(func(c *stream.Context[string, int64]) (func(stream.Record[string, int64]) error, error) {
		kv, err := rows.Open(c)
		return func(r stream.Record[string, int64]) error {
			return errors.Join(kv.Put(r.Key, r.Value), errors.New("refused"))
		}, err
	}, topology.WithStores(rows), topology.As("check"))
	topo := build(t, b)
	got := fails(t, func(t testkit.TB) {
		testkit.New(t, topo, testkit.CommitEvery(2), testkit.SkipErrors()).Input(images).Pipe("A01", 1, 0)
	})
	want := `testkit: pipe into images: key "A01", value "\x00\x00\x00\x00\x00\x00\x00\x01", at 0: a record failed after it had begun to take ` +
		"effect, and the testkit takes that back only with a commit after each record: leave testkit.CommitEvery out: " +
		"topic images, partition 0, offset 0: check (driver_test.go:N): refused"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A store that emits on commit says nothing until then.
func TestCommitEvery(t *testing.T) {
	t.Parallel()
	counts := topology.NewTopic[string, int64]("counts")
	b := topology.New("commits")
	stream.Changes(stream.From(b, images).GroupByKey().Count(topology.As("counts"), topology.EmitOnCommit())).To(counts)
	d := testkit.New(t, build(t, b), testkit.CommitEvery(3))
	var got [][]int64
	for i := range int64(7) {
		d.Input(images).Pipe("A01", 1, i)
		got = append(got, d.Output(counts).Values())
	}
	d.Commit()
	got = append(got, d.Output(counts).Values())
	d.Commit()
	got = append(got, d.Output(counts).Values())
	if diff := cmp.Diff([][]int64{nil, nil, {3}, nil, nil, {6}, nil, {7}, nil}, got); diff != "" {
		t.Error(diff)
	}
}

// One task of all sub-topologies has one stream time.
func TestSingleTask(t *testing.T) {
	t.Parallel()
	times := topology.NewTopic[string, int64]("times")
	draw := func() *topology.Topology {
		b := topology.New("single")
		other := topology.NewTopic[string, int64]("other")
		stream.From(b, images).ForEach(func(string, int64) {})
		stream.From(b, other).Process(func(c *stream.Context[string, int64]) (func(stream.Record[string, int64]) error, error) {
			return func(r stream.Record[string, int64]) error {
				r.Value = c.StreamTime()
				return c.Forward(r)
			}, nil
		}).To(times)
		return build(t, b)
	}
	for _, tc := range []struct {
		opts []testkit.Option
		want int64
	}{{nil, 3}, {[]testkit.Option{testkit.SingleTask()}, 50}} {
		d := testkit.New(t, draw(), tc.opts...)
		d.Input(images).Pipe("A01", 1, 50)
		d.Input(topology.NewTopic[string, int64]("other")).Pipe("A01", 1, 3)
		if got := d.Output(times).Read().Value; got != tc.want {
			t.Errorf("stream time %d, want %d", got, tc.want)
		}
	}
}

// A topic's own serdes are used on the way in and out.
func TestTopicsOwnSerdes(t *testing.T) {
	t.Parallel()
	json := topology.Topic[string, site]{Name: "sites", Value: serde.JSON[site]()}
	b := topology.New("json")
	stream.From(b, json).To(topology.Topic[string, site]{Name: "copied_sites", Value: serde.JSON[site]()})
	d := testkit.New(t, build(t, b))
	d.Input(json).Pipe("A01", site{Well: "A01"}, 0)
	if got := string(d.Produced()[0].Value); got != `{"Well":"A01","Stains":null}` {
		t.Errorf("wrote %s", got)
	}
}
