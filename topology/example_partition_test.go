package topology_test

import (
	"fmt"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// Images are sent where the key's first letter says: the rows of a plate, A to P, in order over the partitions.
func ExamplePartitionBy() {
	images := topology.NewTopic[string, string]("images") // well -> file
	byRow := topology.NewTopic[string, string]("images_by_row")

	b := topology.New("rows")
	stream.From(b, images).To(byRow, topology.PartitionBy(func(well, _ string, partitions int32) int32 {
		return int32(well[0]-'A') * partitions / 16
	}))

	d := testkit.Drive(b, testkit.Partitions(4))
	d.Input(images).Pipe("A01", "s1.tif", 0)
	d.Input(images).Pipe("D12", "s1.tif", 1)
	d.Input(images).Pipe("P24", "s1.tif", 2)
	for _, r := range d.Output(byRow).ReadAll() {
		fmt.Println(r.Key, "in partition", r.Partition)
	}
	// Output:
	// A01 in partition 0
	// D12 in partition 0
	// P24 in partition 3
}
