package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// plateAndWell makes the key of a plate's image finer: images of one well are of one plate, and so in one partition.
func plateAndWell(plate, well string) string { return plate + "/" + well }

// wells counts images by plate and well.
func wells(s *stream.Stream[string, string]) *stream.Stream[string, int64] {
	return stream.Changes(s.GroupByKey(topology.As("by-well")).Count(topology.As("wells")))
}

func TestAssumePartitioned(t *testing.T) {
	t.Parallel()
	in, out := topology.NewTopic[string, string]("in"), topology.NewTopic[string, int64]("out")
	// run pipes images of ten plates and returns the topics there are, and the last count of each well.
	run := func(draw func(s *stream.Stream[string, string]) *stream.Stream[string, int64]) (topics string, counts map[string]int64) {
		b := topology.New("wells")
		draw(stream.From(b, in)).To(out)
		topo := build(t, b)
		for _, tp := range topo.Graph().Topics {
			topics += tp.FullName("wells") + " "
		}
		d := testkit.New(t, topo, testkit.Partitions(4))
		for i := range 200 {
			d.Input(in).Pipe(fmt.Sprintf("plate-%d", i%10), string("ABC"[i%3]), int64(i))
		}
		counts = map[string]int64{}
		for _, r := range d.Output(out).ReadAll() {
			counts[r.Key] = r.Value
		}
		return topics, counts
	}
	topics, moved := run(func(s *stream.Stream[string, string]) *stream.Stream[string, int64] {
		return wells(s.SelectKey(plateAndWell))
	})
	if want := "in wells-by-well-repartition out wells-wells-changelog "; !sameWords(topics, want) {
		t.Errorf("topics with a repartition: %s, want %s", topics, want)
	}
	topics, stayed := run(func(s *stream.Stream[string, string]) *stream.Stream[string, int64] {
		return wells(s.SelectKey(plateAndWell).AssumePartitioned())
	})
	if want := "in out wells-wells-changelog "; !sameWords(topics, want) {
		t.Errorf("topics without one: %s, want %s", topics, want)
	}
	if diff := cmp.Diff(moved, stayed); diff != "" || len(moved) != 30 {
		t.Errorf("%d wells, counts (-repartitioned +assumed):\n%s", len(moved), diff)
	}

	// What the comment warns of: wells of all plates under one key are counted apart in each partition.
	_, wrong := run(func(s *stream.Stream[string, string]) *stream.Stream[string, int64] {
		return wells(s.SelectKey(func(_, well string) string { return well }).AssumePartitioned())
	})
	var sum int64
	for _, n := range wrong {
		sum += n
	}
	if len(wrong) != 3 || sum >= 200 {
		t.Errorf("counts of a key that is in several partitions: %v, want parts of them", wrong)
	}
}

func sameWords(a, b string) bool {
	words := func(s string) map[string]bool {
		m := map[string]bool{}
		for w := range strings.FieldsSeq(s) {
			m[w] = true
		}
		return m
	}
	return cmp.Equal(words(a), words(b))
}

// The serde of the new key is the one that AssumePartitioned was given: a Count's rows and its changes are written with it.
func TestAssumePartitionedSerde(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, int64]("in")
	out := topology.Topic[int64, int64]{Name: "out", Key: serde.JSON[int64]()}
	b := topology.New("serde")
	counts := stream.From(b, in).SelectKey(func(_ string, v int64) int64 { return v }).
		AssumePartitioned(topology.WithKeySerde(serde.JSON[int64]())).
		GroupByKey().Count(topology.As("n"))
	stream.Changes(counts).To(out)
	d := testkit.New(t, build(t, b))
	d.Input(in).Pipe("a", 42, 0)
	if got := d.Produced(); len(got) != 1 || string(got[0].Key) != "42" {
		t.Errorf("produced %v, want the key 42 as JSON", got)
	}
}

// byLength puts a record where the length of its value says.
func byLength(_, v string, partitions int32) int32 { return int32(len(v)) % partitions }

func TestPartitionBy(t *testing.T) {
	t.Parallel()
	in, out := topology.NewTopic[string, string]("in"), topology.NewTopic[string, string]("out")
	for _, tc := range []struct {
		name string
		draw func(s *stream.Stream[string, string])
	}{
		{"To", func(s *stream.Stream[string, string]) { s.To(out, topology.PartitionBy(byLength)) }},
		{"ToFunc", func(s *stream.Stream[string, string]) {
			s.ToFunc(func(stream.Record[string, string]) string { return "out" }, topology.PartitionBy(byLength))
		}},
		{"Repartition", func(s *stream.Stream[string, string]) {
			s.Repartition(topology.As("r"), topology.PartitionBy(byLength)).
				Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
					return func(r stream.Record[string, string]) error { // shows the partition by writing to its like
						r.Value = strings.Repeat("x", int(r.Partition))
						return c.Forward(r)
					}, nil
				}).To(out, topology.PartitionBy(byLength))
		}},
	} {
		b := topology.New("partitions")
		tc.draw(stream.From(b, in))
		d := testkit.New(t, build(t, b), testkit.Partitions(3))
		for i := range 5 {
			d.Input(in).Pipe("same key", strings.Repeat("x", i), int64(i))
		}
		var got []int32
		for _, p := range d.Produced() {
			got = append(got, p.Partition)
		}
		if diff := cmp.Diff([]int32{0, 1, 2, 0, 1}, got); diff != "" {
			t.Errorf("%s: partitions (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestPartitionByMistakes(t *testing.T) {
	t.Parallel()
	in, out := topology.NewTopic[string, string]("in"), topology.NewTopic[string, string]("out")
	b := topology.New("types")
	stream.From(b, in).To(out, topology.PartitionBy(func(int64, string, int32) int32 { return 0 }))
	_, err := b.Build()
	if want := "to: the partitioner is a func(int64, string, int32) int32, not one for the records' types: give a func(string, string, int32) int32"; err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}

	b = topology.New("range")
	stream.From(b, in).To(out, topology.PartitionBy(func(_, v string, n int32) int32 {
		if v == "-" {
			return -1
		}
		return n
	}), topology.As("sink"))
	d := testkit.New(t, build(t, b), testkit.Partitions(3), testkit.SkipErrors())
	d.Input(in).Pipe("a", "-", 0)
	d.Input(in).Pipe("a", "+", 1)
	if got := d.Produced(); len(got) > 0 {
		t.Errorf("produced %v, want nothing", got)
	}
	skips := strings.Join(d.Skips(), "\n")
	for _, want := range []string{"the partitioner chose partition -1 of topic \"out\": return one from 0 to 2", "chose partition 3 of"} {
		if !strings.Contains(skips, want) {
			t.Errorf("skipped:\n%s\nwant %s", skips, want)
		}
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	var w bytes.Buffer
	b := topology.New("print")
	stream.From(b, in).Print(&w, topology.As("seen"))
	d := testkit.New(t, build(t, b), testkit.Once())
	d.Input(in).Pipe("a", "x", 7)
	d.Input(in).PipeNull("b", 8)
	d.Input(in).PipeNullKey("y", 9)
	if diff := cmp.Diff("seen: a -> x at 7\nseen: b -> null at 8\nseen: null -> y at 9\n", w.String()); diff != "" {
		t.Error(diff)
	}

	b = topology.New("full")
	stream.From(b, in).Print(failingWriter{}, topology.As("seen"))
	d = testkit.New(t, build(t, b), testkit.SkipErrors())
	d.Input(in).Pipe("a", "x", 7)
	if skips := strings.Join(d.Skips(), "\n"); !strings.Contains(skips, "print: no space left") {
		t.Errorf("skipped %q, want what the writer said", skips)
	}

	b = topology.New("nil")
	stream.From(b, in).Print(nil)
	if _, err := b.Build(); err == nil || !strings.Contains(err.Error(), "print: the writer is nil: give one, such as os.Stdout") {
		t.Errorf("error %v, want one that says that the writer is nil", err)
	}
}

type failingWriter struct{}

var errFull = errors.New("no space left")

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }
