package table_test

import (
	"fmt"
	"strings"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// A topic read as a table: the latest value of each key, in a store because it is named.
func ExampleFrom() {
	plates := topology.NewTopic[string, string]("plates") // plate -> status

	b := topology.New("plates")
	table.From(b, plates, topology.As("status"))

	d := testkit.Drive(b)
	d.Input(plates).Pipe("plate-1", "imaging", 0)
	d.Input(plates).Pipe("plate-2", "imaging", 1)
	d.Input(plates).Pipe("plate-1", "done", 2)
	d.Input(plates).PipeNull("plate-2", 3)
	for _, row := range d.Rows[string, string]("status") {
		fmt.Println(row.Key, row.Value, row.Timestamp)
	}
	// Output: plate-1 done 2
}

// A row that is not kept any more is deleted; one that never was is not spoken of, since the table has a store to tell.
func ExampleTable_Filter() {
	plates := topology.NewTopic[string, int64]("plates") // plate -> images so far
	full := topology.NewTopic[string, int64]("full_plates")

	b := topology.New("full-plates")
	table.From(b, plates, topology.As("plates")).
		Filter(func(_ string, images int64) bool { return images >= 7392 }).
		To(full)

	d := testkit.Drive(b)
	d.Input(plates).Pipe("plate-1", 6, 0)
	d.Input(plates).Pipe("plate-1", 7392, 1)
	d.Input(plates).Pipe("plate-1", 0, 2)
	d.Output(full).Print()
	// Output:
	// plate-1 -> 7392 at 1
	// plate-1 -> null at 2
}

func ExampleTable_FilterNot() {
	plates := topology.NewTopic[string, string]("plates") // plate -> status
	busy := topology.NewTopic[string, string]("busy_plates")

	b := topology.New("busy-plates")
	table.From(b, plates).
		FilterNot(func(_, status string) bool { return status == "done" }).
		To(busy)

	d := testkit.Drive(b)
	d.Input(plates).Pipe("plate-1", "imaging", 0)
	d.Input(plates).Pipe("plate-1", "done", 1)
	d.Output(busy).Print()
	// Output:
	// plate-1 -> imaging at 0
	// plate-1 -> null at 1
}

func ExampleTable_MapValues() {
	plates := topology.NewTopic[string, string]("plates")
	states := topology.NewTopic[string, string]("plate_states")

	b := topology.New("states")
	table.From(b, plates).MapValues(strings.ToUpper).To(states)

	d := testkit.Drive(b)
	d.Input(plates).Pipe("plate-1", "done", 0)
	d.Input(plates).PipeNull("plate-1", 1)
	d.Output(states).Print()
	// Output:
	// plate-1 -> DONE at 0
	// plate-1 -> null at 1
}

func ExampleTable_MapValuesWithKey() {
	plates := topology.NewTopic[string, string]("plates") // plate -> status
	lines := topology.NewTopic[string, string]("lines")

	b := topology.New("lines")
	table.From(b, plates).
		MapValuesWithKey(func(plate, status string) string { return plate + " is " + status }).
		To(lines)

	d := testkit.Drive(b)
	d.Input(plates).Pipe("plate-1", "done", 0)
	d.Output(lines).Print()
	// Output: plate-1 -> plate-1 is done at 0
}

// Whichever side comes last makes the result, and either side's delete deletes it.
func ExampleTable_Join() {
	compounds := topology.NewTopic[string, string]("compounds") // well -> compound
	features := topology.NewTopic[string, int64]("features")    // well -> cell count
	results := topology.NewTopic[string, string]("results")

	b := topology.New("results")
	table.From(b, compounds).
		Join(table.From(b, features), func(compound string, cells int64) string { return fmt.Sprintf("%s: %d cells", compound, cells) }).
		To(results)

	d := testkit.Drive(b)
	d.Input(features).Pipe("A01", 180, 5)
	d.Input(compounds).Pipe("A01", "aspirin", 3)
	d.Input(features).PipeNull("A01", 6)
	d.Output(results).Print()
	// Output:
	// A01 -> aspirin: 180 cells at 5
	// A01 -> null at 6
}

// Site is a row that names another table's key.
type Site struct {
	Experiment string
	Images     int64
}

// Sites find their experiment's metadata in whatever order the two come.
func ExampleTable_ForeignKeyJoin() {
	sites := topology.NewTopic[string, Site]("sites")
	experiments := topology.NewTopic[string, int64]("experiments") // experiment -> images per site
	progress := topology.NewTopic[string, string]("progress")

	b := topology.New("progress")
	table.From(b, sites).
		ForeignKeyJoin(table.From(b, experiments),
			func(s Site) string { return s.Experiment },
			func(s Site, expected int64) string { return fmt.Sprintf("%d of %d", s.Images, expected) },
			topology.As("by-experiment")).
		To(progress)

	d := testkit.Drive(b, testkit.Partitions(3))
	d.Input(sites).Pipe("A01/s1", Site{"dose-response", 5}, 0)
	d.Input(experiments).Pipe("dose-response", 6, 1)
	d.Input(sites).Pipe("A01/s1", Site{"dose-response", 6}, 2)
	d.Output(progress).Print()
	// Output:
	// A01/s1 -> 5 of 6 at 1
	// A01/s1 -> 6 of 6 at 2
}

// Every change goes to the topic, deletes as nulls.
func ExampleTable_To() {
	images := topology.NewTopic[string, string]("images")
	latest := topology.NewTopic[string, string]("latest_images") // compacted

	b := topology.New("latest")
	stream.From(b, images).ToTable().To(latest)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "s1.tif", 0)
	d.Input(images).PipeNull("A01", 1)
	d.Output(latest).Print()
	// Output:
	// A01 -> s1.tif at 0
	// A01 -> null at 1
}
