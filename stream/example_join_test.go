package stream_test

import (
	"fmt"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// The table is looked up as it is when the image comes: what comes before its row is left out.
func ExampleStream_JoinTable() {
	images := topology.NewTopic[string, string]("images")             // plate -> file
	compounds := topology.NewTopic[string, string]("plate_compounds") // plate -> compound
	treated := topology.NewTopic[string, string]("treated_images")

	b := topology.New("treated")
	stream.From(b, images).
		JoinTable(table.From(b, compounds), func(file, compound string) string { return file + " with " + compound }).
		To(treated)

	d := testkit.Drive(b)
	d.Input(images).Pipe("plate-1", "A01.tif", 0)
	d.Input(compounds).Pipe("plate-1", "aspirin", 1)
	d.Input(images).Pipe("plate-1", "A02.tif", 2)
	d.Output(treated).Print()
	// Output: plate-1 -> A02.tif with aspirin at 2
}

// ok is false where there is no row.
func ExampleStream_LeftJoinTable() {
	images := topology.NewTopic[string, string]("images")
	compounds := topology.NewTopic[string, string]("plate_compounds")
	treated := topology.NewTopic[string, string]("treated_images")

	treatment := func(file, compound string, ok bool) string {
		if !ok {
			return file + " untreated"
		}
		return file + " with " + compound
	}

	b := topology.New("treated")
	stream.From(b, images).LeftJoinTable(table.From(b, compounds), treatment).To(treated)

	d := testkit.Drive(b)
	d.Input(images).Pipe("plate-1", "A01.tif", 0)
	d.Input(compounds).Pipe("plate-1", "aspirin", 1)
	d.Input(images).Pipe("plate-1", "A02.tif", 2)
	d.Output(treated).Print()
	// Output:
	// plate-1 -> A01.tif untreated at 0
	// plate-1 -> A02.tif with aspirin at 2
}

// Every change of a row is a record, a delete is a null.
func ExampleChanges() {
	plates := topology.NewTopic[string, string]("plates") // plate -> status
	news := topology.NewTopic[string, string]("plate_news")

	b := topology.New("news")
	stream.Changes(table.From(b, plates)).
		MapValues(func(status string) string { return "is " + status }).
		To(news)

	d := testkit.Drive(b)
	d.Input(plates).Pipe("plate-1", "imaging", 0)
	d.Input(plates).PipeNull("plate-1", 1)
	d.Output(news).Print()
	// Output:
	// plate-1 -> is imaging at 0
	// plate-1 -> null at 1
}

// The latest file of each well, in a store.
func ExampleStream_ToTable() {
	images := topology.NewTopic[string, string]("images") // well -> file

	b := topology.New("latest")
	stream.From(b, images).ToTable(topology.As("latest"))

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "s1.tif", 0)
	d.Input(images).Pipe("A02", "s1.tif", 1)
	d.Input(images).Pipe("A01", "s2.tif", 2)
	d.Input(images).PipeNull("A02", 3)
	for _, row := range d.Rows[string, string]("latest") {
		fmt.Println(row.Key, row.Value, row.Timestamp)
	}
	// Output: A01 s2.tif 2
}
