package table_test

import (
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// Plates by their status. A plate that goes on to the next status is taken out of the old count, then put into the new one.
func ExampleTable_GroupBy() {
	plates := topology.NewTopic[string, string]("plates") // plate -> status
	counts := topology.NewTopic[string, int64]("plates_by_status")

	b := topology.New("by-status")
	byStatus := table.From(b, plates).
		GroupBy(func(plate, status string) (string, string) { return status, plate }, topology.As("by-status")).
		Count(topology.As("counts"))
	byStatus.To(counts)

	d := testkit.Drive(b)
	d.Input(plates).Pipe("plate-1", "imaging", 0)
	d.Input(plates).Pipe("plate-2", "imaging", 1)
	d.Input(plates).Pipe("plate-1", "done", 2)
	d.Output(counts).Print()
	// Output:
	// imaging -> 1 at 0
	// imaging -> 2 at 1
	// imaging -> 1 at 2
	// done -> 1 at 2
}

// How many wells have how many images: a count of counts. The group of a count that no well has any more stays, at 0; for the first
// image of a well, there is a delete of the count 0, which no well had.
func ExampleGrouped_Count() {
	images := topology.NewTopic[string, string]("images") // well -> file
	spread := topology.NewTopic[int64, int64]("wells_by_images")

	b := topology.New("spread")
	perWell := stream.From(b, images).GroupByKey().Count(topology.As("per-well"))
	perWell.GroupBy(func(well string, n int64) (int64, string) { return n, well }, topology.As("by-count")).
		Count(topology.As("spread")).
		To(spread)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "s1.tif", 0)
	d.Input(images).Pipe("A01", "s2.tif", 1)
	d.Output(spread).Print()
	// Output:
	// 0 -> null at 0
	// 1 -> 1 at 0
	// 1 -> 0 at 1
	// 2 -> 1 at 1
}

// The cells of a plate, as the sum over its wells: a well that is counted again is one update, its old count taken out first.
func ExampleGrouped_Reduce() {
	wells := topology.NewTopic[string, int64]("wells") // plate/well -> cells
	plates := topology.NewTopic[string, int64]("plates")

	b := topology.New("cells")
	add := func(sum, cells int64) int64 { return sum + cells }
	subtract := func(sum, cells int64) int64 { return sum - cells }
	table.From(b, wells).
		GroupBy(func(well string, cells int64) (string, int64) { return well[:len("plate-1")], cells }).
		Reduce(add, subtract, topology.As("cells")).
		To(plates)

	d := testkit.Drive(b)
	d.Input(wells).Pipe("plate-1/A01", 100, 0)
	d.Input(wells).Pipe("plate-1/A02", 50, 1)
	d.Input(wells).Pipe("plate-1/A01", 90, 2)
	d.Input(wells).PipeNull("plate-1/A02", 3)
	d.Output(plates).Print()
	// Output:
	// plate-1 -> 100 at 0
	// plate-1 -> 150 at 1
	// plate-1 -> 140 at 2
	// plate-1 -> 90 at 3
}

// screen is what is known of a plate: adders and subtractors may be its methods.
type screen struct{ Wells, Hits int }

func (s screen) With(_ string, intensity int64) screen {
	s.Wells++
	if intensity > 1000 {
		s.Hits++
	}
	return s
}

func (s screen) Without(_ string, intensity int64) screen {
	s.Wells--
	if intensity > 1000 {
		s.Hits--
	}
	return s
}

func ExampleGrouped_Aggregate() {
	wells := topology.NewTopic[string, int64]("wells") // plate/well -> intensity
	screens := topology.NewTopic[string, screen]("screens")

	b := topology.New("screens")
	table.From(b, wells).
		GroupBy(func(well string, intensity int64) (string, int64) { return well[:len("plate-1")], intensity }).
		Aggregate(func() screen { return screen{} }, screen.With, screen.Without, topology.As("screens")).
		To(screens)

	d := testkit.Drive(b)
	d.Input(wells).Pipe("plate-1/A01", 1500, 0)
	d.Input(wells).Pipe("plate-1/A02", 80, 1)
	d.Input(wells).Pipe("plate-1/A01", 900, 2)
	d.Output(screens).Print()
	// Output:
	// plate-1 -> {1 1} at 0
	// plate-1 -> {2 1} at 1
	// plate-1 -> {2 0} at 2
}

// A plate whose last well is gone is deleted.
func ExampleGrouped_AggregateOrDelete() {
	wells := topology.NewTopic[string, int64]("wells") // plate/well -> cells
	plates := topology.NewTopic[string, int64]("wells_per_plate")

	b := topology.New("plates")
	more := func(n int64, _ string, _ int64) (int64, bool) { return n + 1, true }
	fewer := func(n int64, _ string, _ int64) (int64, bool) { return n - 1, n > 1 }
	table.From(b, wells).
		GroupBy(func(well string, cells int64) (string, int64) { return well[:len("plate-1")], cells }).
		AggregateOrDelete(func() int64 { return 0 }, more, fewer, topology.As("plates")).
		To(plates)

	d := testkit.Drive(b)
	d.Input(wells).Pipe("plate-1/A01", 100, 0)
	d.Input(wells).PipeNull("plate-1/A01", 1)
	d.Output(plates).Print()
	// Output:
	// plate-1 -> 1 at 0
	// plate-1 -> null at 1
}
