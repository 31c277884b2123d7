package testkit_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

var (
	images = topology.NewTopic[string, int64]("images") // well -> intensity
	bright = topology.NewTopic[string, int64]("bright_images")
)

// drawBright is images, those with an intensity above 100, and their number by well; a negative intensity is an error.
func drawBright(b *topology.Builder) {
	s := stream.From(b, images).ProcessValues(func(_ context.Context, r stream.Record[string, int64]) (int64, error) {
		if r.Value < 0 {
			return 0, errors.New("a negative intensity")
		}
		return r.Value, nil
	}, topology.As("check")).Filter(func(_ string, v int64) bool { return v > 100 })
	s.To(bright)
	s.GroupByKey().Count(topology.As("counts"))
}

func TestFailures(t *testing.T) {
	t.Parallel()
	topo := func() *topology.Topology {
		b := topology.New("bright")
		drawBright(b)
		return build(t, b)
	}
	type other struct{ A, B string }
	for _, tc := range []struct {
		name string
		test func(t testkit.TB)
		want string
	}{
		{"nothing to read", func(t testkit.TB) {
			testkit.New(t, topo()).Output(bright).Read()
		}, "testkit: no more records on bright_images: 0 were read, and this is all that was produced:\n  nothing"},
		{"all was read", func(t testkit.TB) {
			d := testkit.New(t, topo())
			d.Input(images).Pipe("A01", 258, 7)
			d.Output(bright).Read()
			d.Output(bright).Read()
		}, "testkit: no more records on bright_images: 1 were read, and this is all that was produced:\n" +
			"  bright_images[0] \"A01\" -> \"\\x00\\x00\\x00\\x00\\x00\\x00\\x01\\x02\" at 7\n"},
		{"input of a topic that is not read", func(t testkit.TB) {
			testkit.New(t, topo()).Input(bright)
		}, `testkit: the topology does not read topic "bright_images": it reads images`},
		{"bytes into a topic that is not read", func(t testkit.TB) {
			testkit.New(t, topo()).PipeBytes("imgaes", nil, nil, 0)
		}, `testkit: pipe into imgaes: key null, value null, at 0: the topology does not read topic "imgaes": it reads images`},
		{"output of a topic that is not written", func(t testkit.TB) {
			testkit.New(t, topo()).Output(images)
		}, `testkit: the topology does not write topic "images": it writes bright_images`},
		{"a partition too high", func(t testkit.TB) {
			testkit.New(t, topo(), testkit.Partitions(3)).Input(images).PipeTo(3, stream.Record[string, int64]{Key: "A01"})
		}, `testkit: pipe into images: key "A01", value "\x00\x00\x00\x00\x00\x00\x00\x00", at 0: ` +
			`topic "images" has no partition 3: give it more with testkit.Partitions, it has 3`},
		{"a partition too low", func(t testkit.TB) {
			testkit.New(t, topo()).Input(images).PipeTo(-1, stream.Record[string, int64]{})
		}, "testkit: pipe into images: there is no partition -1: partitions count from 0; PipeRecord goes by the key"},
		{"bytes that do not decode", func(t testkit.TB) {
			testkit.New(t, topo()).PipeBytes("images", []byte("A01"), []byte("xyz"), 0)
		}, `testkit: pipe into images: key "A01", value "xyz", at 0: images.source (failures_test.go:N): topic images, partition 0, offset 0: ` +
			"the value does not decode (serde: int64 takes 8 bytes, found 3: was this written with another type?): " +
			"give the topic the serde that its records are written with\n(testkit.SkipErrors drops and counts such records)"},
		{"a callback that fails", func(t testkit.TB) {
			d := testkit.New(t, topo())
			d.Input(images).Pipe("A01", 1, 0)
			d.Input(images).Pipe("A02", -1, 1)
		}, `testkit: pipe into images: key "A02", value "\xff\xff\xff\xff\xff\xff\xff\xff", at 1: topic images, partition 0, offset 1: ` +
			"check (failures_test.go:N): a negative intensity\n(testkit.SkipErrors drops and counts such records)"},
		{"a value that does not encode", func(t testkit.TB) {
			b := topology.New("json")
			focus := topology.Topic[string, float64]{Name: "focus", Value: serde.JSON[float64]()}
			stream.From(b, focus).ForEach(func(string, float64) {})
			testkit.New(t, topology.Must(b.Build())).Input(focus).Pipe("A01", math.NaN(), 0)
		}, "testkit: pipe into focus: encode value NaN: serde: float64 as JSON: json: unsupported value: NaN"},
		{"an output of another type", func(t testkit.TB) {
			d := testkit.New(t, topo())
			d.Input(images).Pipe("A01", 101, 0)
			d.Output(topology.NewTopic[string, int32]("bright_images")).Read()
		}, `testkit: read from bright_images: decode value "\x00\x00\x00\x00\x00\x00\x00e": serde: int32 takes 4 bytes, found 8: was this written with another type?`},
		{"a topic whose type has no serde", func(t testkit.TB) {
			testkit.New(t, topo()).Input(topology.NewTopic[string, func()]("images"))
		}, "testkit: topic images: value: serde: func(): a func cannot be written: leave it out with the tag `msgpack:\"-\"`, or give the type EncodeMsgpack and DecodeMsgpack"},
		{"no such store", func(t testkit.TB) {
			testkit.New(t, topo()).Rows[string, int64]("count")
		}, `testkit: there is no store "count": stores of the topology are [counts (key-value)]`},
		{"a store of other types", func(t testkit.TB) {
			testkit.New(t, topo()).Rows[string, other]("counts")
		}, `testkit: store "counts" is a *store.KeyValue[string,int64]: read it with the kind and types that it was made with`},
		{"a store of another kind", func(t testkit.TB) {
			testkit.New(t, topo()).WindowRows[string, int64]("counts")
		}, `testkit: store "counts" is a *store.KeyValue[string,int64]: read it with the kind and types that it was made with`},
		{"no partitions", func(t testkit.TB) {
			testkit.New(t, topo(), testkit.Partitions(0))
		}, "testkit: Partitions(0): a topic has at least one partition"},
		{"no partitions of one topic", func(t testkit.TB) {
			testkit.New(t, topo(), testkit.TopicPartitions("images", -1))
		}, `testkit: TopicPartitions("images", -1): a topic has at least one partition`},
		{"partitions of no topic", func(t testkit.TB) {
			testkit.New(t, topo(), testkit.TopicPartitions("imgaes", 2))
		}, `testkit: TopicPartitions("imgaes"): no such topic in the topology: it has images, bright_images`},
		{"a commit after no record", func(t testkit.TB) {
			testkit.New(t, topo(), testkit.CommitEvery(0))
		}, "testkit: CommitEvery(0): commit after one record at least"},
		{"a punctuation that fails", func(t testkit.TB) {
			b := topology.New("timer")
			stream.From(b, images).Process(func(c *stream.Context[string, int64]) (func(stream.Record[string, int64]) error, error) {
				c.Every(time.Second, func(int64) error { return errors.New("no light") })
				return func(stream.Record[string, int64]) error { return nil }, nil
			}, topology.As("lamp"))
			testkit.New(t, topology.Must(b.Build())).Advance(time.Second)
		}, "testkit: advance the wall clock by 1s: lamp (failures_test.go:N): no light"},
		{"an init that fails", func(t testkit.TB) {
			b := topology.New("init")
			stream.From(b, images).Process(func(*stream.Context[string, int64]) (func(stream.Record[string, int64]) error, error) {
				return nil, errors.New("no camera")
			}, topology.As("camera"))
			testkit.New(t, topology.Must(b.Build()))
		}, "testkit: engine: camera (failures_test.go:N): no camera"},
		{"an operator added after Build", func(t testkit.TB) {
			b := topology.New("late")
			s := stream.From(b, images)
			topo := topology.Must(b.Build())
			s.To(bright)
			testkit.New(t, topo)
		}, "testkit: failures_test.go:N: to: used after Build: draw the whole topology first"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, fails(t, tc.test)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
