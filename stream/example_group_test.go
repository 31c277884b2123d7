package stream_test

import (
	"fmt"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// The key has changed, so the images of a well are brought together by a repartition topic, named like the store.
func ExampleStream_GroupBy() {
	images := topology.NewTopic[string, string]("images") // plate -> well
	counts := topology.NewTopic[string, int64]("images_per_well")

	b := topology.New("per-well")
	perWell := stream.From(b, images).
		GroupBy(func(plate, well string) string { return plate + "/" + well }).
		Count(topology.As("per-well"))
	stream.Changes(perWell).To(counts)

	d := testkit.Drive(b, testkit.Partitions(3))
	d.Input(images).Pipe("plate-1", "A01", 0)
	d.Input(images).Pipe("plate-1", "A01", 1)
	d.Input(images).Pipe("plate-1", "B07", 2)
	d.Output(counts).Print()
	// Output:
	// plate-1/A01 -> 1 at 0
	// plate-1/A01 -> 2 at 1
	// plate-1/B07 -> 1 at 2
}

// The key is as it was on the topic, so nothing is sent through another one.
func ExampleStream_GroupByKey() {
	images := topology.NewTopic[string, string]("images") // well -> file
	counts := topology.NewTopic[string, int64]("images_per_well")

	b := topology.New("per-well")
	stream.Changes(stream.From(b, images).GroupByKey().Count(topology.As("per-well"))).To(counts)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "s1.tif", 0)
	d.Input(images).Pipe("A01", "s2.tif", 1)
	d.Output(counts).Print()
	// Output:
	// A01 -> 1 at 0
	// A01 -> 2 at 1
}

// The row's timestamp is the latest of its records', also where they come out of order.
func ExampleGrouped_Count() {
	images := topology.NewTopic[string, string]("images")
	counts := topology.NewTopic[string, int64]("counts")

	b := topology.New("counts")
	stream.Changes(stream.From(b, images).GroupByKey().Count(topology.As("counts"))).To(counts)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "s2.tif", 20)
	d.Input(images).Pipe("A01", "s1.tif", 10)
	d.Output(counts).Print()
	// Output:
	// A01 -> 1 at 20
	// A01 -> 2 at 20
}

func ExampleGrouped_Reduce() {
	intensities := topology.NewTopic[string, int64]("intensities") // well -> brightest pixel
	brightest := topology.NewTopic[string, int64]("brightest")

	b := topology.New("brightest")
	maxima := stream.From(b, intensities).GroupByKey().
		Reduce(func(a, b int64) int64 { return max(a, b) }, topology.As("maxima"))
	stream.Changes(maxima).To(brightest)

	d := testkit.Drive(b)
	for i, pixel := range []int64{300, 900, 500} {
		d.Input(intensities).Pipe("A01", pixel, int64(i))
	}
	d.Output(brightest).Print()
	// Output:
	// A01 -> 300 at 0
	// A01 -> 900 at 1
	// A01 -> 900 at 2
}

// Mean is what an aggregate is made of: a value with a method that takes a record in.
type Mean struct{ Sum, N int64 }

// Observe may change its receiver and return it: the accumulator is the store's own.
func (m Mean) Observe(_ string, intensity int64) Mean {
	return Mean{m.Sum + intensity, m.N + 1}
}

func newMean() Mean { return Mean{} }

// Named functions and methods fit, without type arguments.
func ExampleGrouped_Aggregate() {
	intensities := topology.NewTopic[string, int64]("intensities")
	means := topology.NewTopic[string, int64]("means")

	b := topology.New("means")
	perWell := stream.From(b, intensities).GroupByKey().
		Aggregate(newMean, Mean.Observe, topology.As("means")).
		MapValues(func(m Mean) int64 { return m.Sum / m.N })
	stream.Changes(perWell).To(means)

	d := testkit.Drive(b)
	d.Input(intensities).Pipe("A01", 100, 0)
	d.Input(intensities).Pipe("A01", 300, 1)
	d.Output(means).Print()
	// Output:
	// A01 -> 100 at 0
	// A01 -> 200 at 1
}

// Open sites are counted per plate; the row goes when the last one is done.
func ExampleGrouped_AggregateOrDelete() {
	events := topology.NewTopic[string, string]("site_events") // plate -> opened or done
	open := topology.NewTopic[string, int64]("open_sites")

	b := topology.New("open-sites")
	sites := stream.From(b, events).GroupByKey().
		AggregateOrDelete(
			func() int64 { return 0 },
			func(n int64, _, event string) (int64, bool) {
				if event == "opened" {
					return n + 1, true
				}
				return n - 1, n > 1
			}, topology.As("open-sites"))
	stream.Changes(sites).To(open)

	d := testkit.Drive(b)
	for i, event := range []string{"opened", "opened", "done", "done"} {
		d.Input(events).Pipe("plate-1", event, int64(i))
	}
	d.Output(open).Print()
	fmt.Println(len(d.Rows[string, int64]("open-sites")), "rows")
	// Output:
	// plate-1 -> 1 at 0
	// plate-1 -> 2 at 1
	// plate-1 -> 1 at 2
	// plate-1 -> null at 3
	// 0 rows
}
