package stream_test

import (
	"fmt"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// A topic's types are stated once, where it is declared; everything after it is inferred.
func ExampleFrom() {
	type Image struct {
		Site, Stain string
		Taken       int64
	}
	images := topology.NewTopic[string, Image]("images")
	stains := topology.NewTopic[string, string]("stains")

	b := topology.New("stains")
	stream.From(b, images).
		MapValues(func(i Image) string { return i.Stain }).
		To(stains)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", Image{Site: "A01/s1", Stain: "Hoechst"}, 7)
	d.Output(stains).Print()
	// Output: A01 -> Hoechst at 7
}

// Headers and timestamps pass through; a null is written as a null.
func ExampleStream_To() {
	images := topology.NewTopic[string, string]("images")
	archive := topology.NewTopic[string, string]("archived_images")

	b := topology.New("archive")
	stream.From(b, images).To(archive)

	d := testkit.Drive(b)
	d.Input(images).PipeRecord(stream.Record[string, string]{
		Key: "A01", Value: "A01.tif", Timestamp: 5,
		Headers: []stream.Header{{Key: "microscope", Value: []byte("confocal")}},
	})
	d.Input(images).PipeNull("A01", 6)
	d.Output(archive).Print()
	// Output:
	// A01 -> A01.tif at 5 microscope=confocal
	// A01 -> null at 6
}

// Each plate has a topic of its own.
func ExampleStream_ToFunc() {
	images := topology.NewTopic[string, string]("images") // plate -> file

	b := topology.New("by-plate")
	stream.From(b, images).
		ToFunc(func(r stream.Record[string, string]) string { return "images-" + r.Key })

	d := testkit.Drive(b)
	d.Input(images).Pipe("plate-1", "A01.tif", 0)
	d.Input(images).Pipe("plate-2", "B07.tif", 1)
	d.Output(topology.NewTopic[string, string]("images-plate-2")).Print()
	// Output: plate-2 -> B07.tif at 1
}

// After SelectKey the images of a well may be in several partitions; Process does not repartition by itself.
func ExampleStream_Repartition() {
	images := topology.NewTopic[string, string]("images") // file -> well
	byWell := topology.NewTopic[string, string]("images_by_well")

	b := topology.New("by-well")
	stream.From(b, images).
		SelectKey(func(_, well string) string { return well }).
		Repartition(topology.As("by-well"), topology.Partitions(4)).
		Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			return func(r stream.Record[string, string]) error {
				r.Value = fmt.Sprintf("processed in partition %d", c.Partition())
				return c.Forward(r)
			}, nil
		}).
		To(byWell)

	d := testkit.Drive(b, testkit.TopicPartitions("images", 2))
	d.Input(images).Pipe("1.tif", "A01", 0)
	d.Input(images).Pipe("2.tif", "A01", 1)
	d.Output(byWell).Print()
	// Output:
	// A01 -> processed in partition 0 at 0
	// A01 -> processed in partition 0 at 1
}
