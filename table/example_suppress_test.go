package table_test

import (
	"time"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// One result for each plate and hour, once no image of the hour can come any more: 5 minutes after its end.
func ExampleSuppressUntilWindowCloses() {
	images := topology.NewTopic[string, string]("images") // plate -> image
	perHour := topology.NewTopic[window.Key[string], int64]("images_per_hour")

	b := topology.New("per-hour")
	counts := stream.From(b, images).GroupByKey().
		WindowedBy(window.Tumbling(time.Hour, 5*time.Minute)).
		Count(topology.As("counts"))
	table.SuppressUntilWindowCloses(counts, topology.As("open-hours")).To(perHour)

	d := testkit.Drive(b)
	minute := time.Minute.Milliseconds()
	d.Input(images).Pipe("plate-1", "a.tif", 10*minute)
	d.Input(images).Pipe("plate-1", "b.tif", 59*minute)
	d.Input(images).Pipe("plate-2", "c.tif", 61*minute)
	d.Input(images).Pipe("plate-1", "late.tif", 58*minute)
	d.Input(images).Pipe("plate-2", "d.tif", 65*minute)
	d.Output(perHour).Print()
	// Output: [plate-1@0/3600000] -> 3 at 3540000
}

// A plate's progress is told at most once in 10 seconds of stream time.
func ExampleTable_SuppressUntilTimeLimit() {
	progress := topology.NewTopic[string, int64]("progress") // plate -> images so far
	told := topology.NewTopic[string, int64]("told")

	b := topology.New("told")
	table.From(b, progress, topology.As("plates")).
		SuppressUntilTimeLimit(10*time.Second, topology.As("untold"), topology.BufferRecords(1000)).
		To(told)

	d := testkit.Drive(b)
	d.Input(progress).Pipe("plate-1", 1, 0)
	d.Input(progress).Pipe("plate-1", 2, 4_000)
	d.Input(progress).Pipe("plate-2", 1, 5_000)
	d.Input(progress).Pipe("plate-1", 3, 10_000)
	d.Input(progress).Pipe("plate-1", 4, 11_000)
	d.Output(told).Print()
	// Output: plate-1 -> 3 at 10000
}
