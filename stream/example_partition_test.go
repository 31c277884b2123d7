package stream_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// The images of a well are all of one plate, by which the topic is partitioned: so they are in one partition already, and no
// repartition topic is made.
func ExampleStream_AssumePartitioned() {
	images := topology.NewTopic[string, string]("images") // plate -> well
	counts := topology.NewTopic[string, int64]("images_per_well")

	b := topology.New("per-well")
	perWell := stream.From(b, images).
		SelectKey(func(plate, well string) string { return plate + "/" + well }).
		AssumePartitioned().
		GroupByKey().
		Count(topology.As("per-well"))
	stream.Changes(perWell).To(counts)

	d := testkit.Drive(b, testkit.Partitions(3))
	d.Input(images).Pipe("plate-1", "A01", 0)
	d.Input(images).Pipe("plate-2", "A01", 1)
	d.Input(images).Pipe("plate-1", "A01", 2)
	d.Output(counts).Print()
	fmt.Println("repartitioned:", strings.Contains(topology.Must(b.Build()).Describe(), "repartition"))
	// Output:
	// plate-1/A01 -> 1 at 0
	// plate-2/A01 -> 1 at 1
	// plate-1/A01 -> 2 at 2
	// repartitioned: false
}

// Print shows what flows, under the name that the operator is given.
func ExampleStream_Print() {
	images := topology.NewTopic[string, string]("images") // well -> file

	b := topology.New("print")
	stream.From(b, images).Print(os.Stdout, topology.As("image"))

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "s1.tif", 0)
	d.Input(images).PipeNull("A01", 1)
	// Output:
	// image: A01 -> s1.tif at 0
	// image: A01 -> null at 1
}
