package stream_test

import (
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// wellOf is the well that a file's name begins with.
func wellOf(file, _ string) string { return file[:3] }

// The table is looked up by a key of the image's own choice; the result keeps the image's key.
func ExampleStream_JoinGlobal() {
	images := topology.NewTopic[string, string]("images")       // file -> plate
	compounds := topology.NewTopic[string, string]("compounds") // well -> compound, the same on all plates
	treated := topology.NewTopic[string, string]("treated_images")

	b := topology.New("treated")
	stream.From(b, images).
		JoinGlobal(table.FromGlobal(b, compounds), wellOf, func(plate, compound string) string { return plate + " with " + compound }).
		To(treated)

	d := testkit.Drive(b)
	d.Input(compounds).Pipe("A01", "aspirin", 0)
	d.Input(images).Pipe("A01_w1.tif", "plate-1", 1)
	d.Input(images).Pipe("A02_w1.tif", "plate-1", 2) // no compound
	d.Output(treated).Print()
	// Output: A01_w1.tif -> plate-1 with aspirin at 1
}

// ok is false where there is no row.
func ExampleStream_LeftJoinGlobal() {
	images := topology.NewTopic[string, string]("images")
	compounds := topology.NewTopic[string, string]("compounds")
	treated := topology.NewTopic[string, string]("treated_images")

	treatment := func(plate, compound string, ok bool) string {
		if !ok {
			return plate + " untreated"
		}
		return plate + " with " + compound
	}

	b := topology.New("treated")
	stream.From(b, images).LeftJoinGlobal(table.FromGlobal(b, compounds), wellOf, treatment).To(treated)

	d := testkit.Drive(b)
	d.Input(compounds).Pipe("A01", "aspirin", 0)
	d.Input(images).Pipe("A01_w1.tif", "plate-1", 1)
	d.Input(images).Pipe("A02_w1.tif", "plate-1", 2)
	d.Output(treated).Print()
	// Output:
	// A01_w1.tif -> plate-1 with aspirin at 1
	// A02_w1.tif -> plate-1 untreated at 2
}
