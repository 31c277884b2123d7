package stream_test

import (
	"time"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// well is all that is known of a well: what its plate's layout, the microscope and the analysis say of it, in whatever order.
type well struct {
	Compound string
	Images   int
	Cells    int64
}

func (w well) WithCompound(_, compound string) well {
	w.Compound = compound
	return w
}

func (w well) WithImage(_, _ string) well {
	w.Images++
	return w
}

func (w well) WithCells(_ string, cells int64) well {
	w.Cells += cells
	return w
}

func newWell() well { return well{} }

// Three streams with values of three types are merged into one row for each well: one store, and no chain of joins with stores and
// results of their own in between. Any of them may come first, and any of them may be missing.
func ExampleCogrouped_And() {
	layouts := topology.NewTopic[string, string]("layouts") // well -> compound
	images := topology.NewTopic[string, string]("images")   // file -> well
	cells := topology.NewTopic[string, int64]("cells")      // well -> number of cells
	wells := topology.NewTopic[string, well]("wells")

	b := topology.New("wells")
	byWell := func(_, well string) string { return well }
	all := stream.From(b, layouts).GroupByKey().Cogroup(well.WithCompound).
		And(stream.From(b, images).GroupBy(byWell, topology.As("images-by-well")), well.WithImage).
		And(stream.From(b, cells).GroupByKey(), well.WithCells).
		Aggregate(newWell, topology.As("wells"))
	stream.Changes(all).To(wells)

	d := testkit.Drive(b, testkit.Partitions(3))
	d.Input(images).Pipe("s1.tif", "A01", 0)
	d.Input(cells).Pipe("A01", 112, 1)
	d.Input(layouts).Pipe("A01", "aspirin", 2)
	d.Input(images).Pipe("s2.tif", "A01", 3)
	d.Output(wells).Print()
	// Output:
	// A01 -> { 1 0} at 0
	// A01 -> { 1 112} at 1
	// A01 -> {aspirin 1 112} at 2
	// A01 -> {aspirin 2 112} at 3
}

// With one stream it is an aggregation whose adder is said first.
func ExampleGrouped_Cogroup() {
	cells := topology.NewTopic[string, int64]("cells") // well -> number of cells
	wells := topology.NewTopic[string, well]("wells")

	b := topology.New("wells")
	all := stream.From(b, cells).GroupByKey().Cogroup(well.WithCells).Aggregate(newWell, topology.As("wells"))
	stream.Changes(all).To(wells)

	d := testkit.Drive(b)
	d.Input(cells).Pipe("A01", 100, 0)
	d.Input(cells).Pipe("A01", 12, 1)
	d.Output(wells).Print()
	// Output:
	// A01 -> { 0 100} at 0
	// A01 -> { 0 112} at 1
}

// An image of a well that has been thrown away deletes the well's row.
func ExampleGrouped_CogroupOrDelete() {
	images := topology.NewTopic[string, string]("images") // well -> file
	cells := topology.NewTopic[string, int64]("cells")    // well -> number of cells
	wells := topology.NewTopic[string, well]("wells")

	b := topology.New("wells")
	image := func(w well, k, file string) (well, bool) { return w.WithImage(k, file), file != "discarded" }
	all := stream.From(b, images).GroupByKey().CogroupOrDelete(image).
		And(stream.From(b, cells).GroupByKey(), well.WithCells).
		Aggregate(newWell, topology.As("wells"))
	stream.Changes(all).To(wells)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "s1.tif", 0)
	d.Input(cells).Pipe("A01", 112, 1)
	d.Input(images).Pipe("A01", "discarded", 2)
	d.Output(wells).Print()
	// Output:
	// A01 -> { 1 0} at 0
	// A01 -> { 1 112} at 1
	// A01 -> null at 2
}

func ExampleCogrouped_AndOrDelete() {
	images := topology.NewTopic[string, string]("images") // well -> file
	cells := topology.NewTopic[string, int64]("cells")    // well -> number of cells; -1: none can be counted
	wells := topology.NewTopic[string, well]("wells")

	b := topology.New("wells")
	count := func(w well, k string, n int64) (well, bool) { return w.WithCells(k, n), n >= 0 }
	all := stream.From(b, images).GroupByKey().Cogroup(well.WithImage).
		AndOrDelete(stream.From(b, cells).GroupByKey(), count).
		Aggregate(newWell, topology.As("wells"))
	stream.Changes(all).To(wells)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "s1.tif", 0)
	d.Input(cells).Pipe("A01", -1, 1)
	d.Output(wells).Print()
	// Output:
	// A01 -> { 1 0} at 0
	// A01 -> null at 1
}

func ExampleCogrouped_Aggregate() {
	images := topology.NewTopic[string, string]("images") // well -> file
	cells := topology.NewTopic[string, int64]("cells")    // well -> number of cells
	wells := topology.NewTopic[string, well]("wells")

	b := topology.New("wells")
	all := stream.From(b, images).GroupByKey().Cogroup(well.WithImage).
		And(stream.From(b, cells).GroupByKey(), well.WithCells).
		Aggregate(newWell, topology.As("wells"))
	stream.Changes(all).To(wells)

	d := testkit.Drive(b)
	d.Input(cells).Pipe("A01", 112, 5)
	d.Input(images).Pipe("A01", "s1.tif", 2) // late, but the row's time does not go back
	d.Output(wells).Print()
	// Output:
	// A01 -> { 0 112} at 5
	// A01 -> { 1 112} at 5
}

// What comes of a well in the same minute, from both streams.
func ExampleTimeWindowedCogrouped_Aggregate() {
	images := topology.NewTopic[string, string]("images") // well -> file
	cells := topology.NewTopic[string, int64]("cells")    // well -> number of cells
	wells := topology.NewTopic[window.Key[string], well]("wells")

	b := topology.New("wells")
	all := stream.From(b, images).GroupByKey().Cogroup(well.WithImage).
		And(stream.From(b, cells).GroupByKey(), well.WithCells).
		WindowedBy(window.Tumbling(time.Minute, window.NoGrace)).
		Aggregate(newWell, topology.As("wells"))
	stream.Changes(all).To(wells)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "s1.tif", 0)
	d.Input(cells).Pipe("A01", 112, 59_000)
	d.Input(images).Pipe("A01", "s2.tif", 60_000)
	d.Output(wells).Print()
	// Output:
	// [A01@0/60000] -> { 1 0} at 0
	// [A01@0/60000] -> { 1 112} at 59000
	// [A01@60000/120000] -> { 1 0} at 60000
}

// A burst of activity around a well, on either stream, is one session.
func ExampleSessionWindowedCogrouped_Aggregate() {
	images := topology.NewTopic[string, string]("images") // well -> file
	cells := topology.NewTopic[string, int64]("cells")    // well -> number of cells
	wells := topology.NewTopic[window.Key[string], well]("wells")

	b := topology.New("wells")
	merge := func(a well, _ string, o well) well { return well{a.Compound, a.Images + o.Images, a.Cells + o.Cells} }
	all := stream.From(b, images).GroupByKey().Cogroup(well.WithImage).
		And(stream.From(b, cells).GroupByKey(), well.WithCells).
		WindowedBySession(window.Session(time.Second, window.NoGrace)).
		Aggregate(newWell, merge, topology.As("wells"))
	stream.Changes(all).To(wells)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "s1.tif", 0)
	d.Input(cells).Pipe("A01", 112, 500)
	d.Output(wells).Print()
	// Output:
	// [A01@0/0] -> { 1 0} at 0
	// [A01@0/0] -> null at 0
	// [A01@0/500] -> { 1 112} at 500
}
