package stream_test

import (
	"fmt"
	"time"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// Images of each microscope and minute.
func ExampleGrouped_WindowedBy() {
	images := topology.NewTopic[string, string]("images") // microscope -> file
	rates := topology.NewTopic[window.Key[string], int64]("rates")

	b := topology.New("rates")
	perMinute := stream.From(b, images).GroupByKey().
		WindowedBy(window.Tumbling(time.Minute, window.NoGrace)).
		Count(topology.As("per-minute"))
	stream.Changes(perMinute).To(rates)

	d := testkit.Drive(b)
	d.Input(images).Pipe("confocal", "1.tif", 10_000)
	d.Input(images).Pipe("confocal", "2.tif", 50_000)
	d.Input(images).Pipe("confocal", "3.tif", 60_000)
	d.Output(rates).Print()
	// Output:
	// [confocal@0/60000] -> 1 at 10000
	// [confocal@0/60000] -> 2 at 50000
	// [confocal@60000/120000] -> 1 at 60000
}

// A window takes late records until stream time has passed its end by the grace.
func ExampleTimeWindowed_Count() {
	images := topology.NewTopic[string, string]("images")
	rates := topology.NewTopic[window.Key[string], int64]("rates")

	b := topology.New("rates")
	perMinute := stream.From(b, images).GroupByKey().
		WindowedBy(window.Tumbling(time.Minute, 30*time.Second)).
		Count(topology.As("per-minute"))
	stream.Changes(perMinute).To(rates)

	d := testkit.Drive(b)
	for _, at := range []int64{59_000, 80_000, 58_000, 90_000, 57_000} {
		d.Input(images).Pipe("confocal", "x.tif", at)
	}
	d.Output(rates).Print()
	fmt.Println("late:", d.Dropped())
	// Output:
	// [confocal@0/60000] -> 1 at 59000
	// [confocal@60000/120000] -> 1 at 80000
	// [confocal@0/60000] -> 2 at 59000
	// [confocal@60000/120000] -> 2 at 90000
	// late: 1
}

// How many images came in the 10 seconds up to each image: the window slides over them. The third image makes its own window and
// goes into the one that begins after the first.
func ExampleTimeWindowed_Count_sliding() {
	images := topology.NewTopic[string, string]("images")
	rates := topology.NewTopic[window.Key[string], int64]("rates")

	b := topology.New("rates")
	lastTen := stream.From(b, images).GroupByKey().
		WindowedBy(window.Sliding(10*time.Second, window.NoGrace)).
		Count(topology.As("last-ten-seconds"))
	stream.Changes(lastTen).To(rates)

	d := testkit.Drive(b)
	for _, second := range []int64{20, 26, 31} {
		d.Input(images).Pipe("confocal", "x.tif", second*1000)
	}
	d.Output(rates).Print()
	// Output:
	// [confocal@10000/20000] -> 1 at 20000
	// [confocal@20001/30001] -> 1 at 26000
	// [confocal@16000/26000] -> 2 at 26000
	// [confocal@26001/36001] -> 1 at 31000
	// [confocal@21000/31000] -> 2 at 31000
}

// All images since the screen began, in one window without an end.
func ExampleTimeWindowed_Count_unlimited() {
	images := topology.NewTopic[string, string]("images")
	totals := topology.NewTopic[window.Key[string], int64]("totals")

	b := topology.New("totals")
	sinceStart := stream.From(b, images).GroupByKey().
		WindowedBy(window.Unlimited(time.UnixMilli(1000))).
		Count(topology.As("since-start"))
	stream.Changes(sinceStart).To(totals)

	d := testkit.Drive(b)
	d.Input(images).Pipe("confocal", "test.tif", 999)
	d.Input(images).Pipe("confocal", "1.tif", 1000)
	d.Input(images).Pipe("confocal", "2.tif", 86_400_000)
	d.Output(totals).Print()
	// Output:
	// [confocal@1000/9223372036854775807] -> 1 at 1000
	// [confocal@1000/9223372036854775807] -> 2 at 86400000
}

func ExampleTimeWindowed_Reduce() {
	temperatures := topology.NewTopic[string, int64]("temperatures") // microscope -> degrees
	hottest := topology.NewTopic[window.Key[string], int64]("hottest")

	b := topology.New("hottest")
	perHour := stream.From(b, temperatures).GroupByKey().
		WindowedBy(window.Tumbling(time.Hour, window.NoGrace)).
		Reduce(func(a, b int64) int64 { return max(a, b) }, topology.As("per-hour"))
	stream.Changes(perHour).To(hottest)

	d := testkit.Drive(b)
	d.Input(temperatures).Pipe("confocal", 37, 0)
	d.Input(temperatures).Pipe("confocal", 36, 1)
	d.Output(hottest).Print()
	// Output:
	// [confocal@0/3600000] -> 37 at 0
	// [confocal@0/3600000] -> 37 at 1
}

// Hopping windows overlap: each record counts in two of them.
func ExampleTimeWindowed_Aggregate() {
	intensities := topology.NewTopic[string, int64]("intensities")
	means := topology.NewTopic[window.Key[string], int64]("means")

	b := topology.New("means")
	moving := stream.From(b, intensities).GroupByKey().
		WindowedBy(window.Hopping(time.Minute, 30*time.Second, window.NoGrace)).
		Aggregate(newMean, Mean.Observe, topology.As("moving")).
		MapValues(func(m Mean) int64 { return m.Sum / m.N })
	stream.Changes(moving).To(means)

	d := testkit.Drive(b)
	d.Input(intensities).Pipe("A01", 100, 40_000)
	d.Input(intensities).Pipe("A01", 300, 70_000)
	d.Output(means).Print()
	// Output:
	// [A01@0/60000] -> 100 at 40000
	// [A01@30000/90000] -> 100 at 40000
	// [A01@30000/90000] -> 200 at 70000
	// [A01@60000/120000] -> 300 at 70000
}

// An error withdraws the window's row.
func ExampleTimeWindowed_AggregateOrDelete() {
	events := topology.NewTopic[string, string]("events") // plate -> image or error
	good := topology.NewTopic[window.Key[string], int64]("good_minutes")

	b := topology.New("good-minutes")
	minutes := stream.From(b, events).GroupByKey().
		WindowedBy(window.Tumbling(time.Minute, window.NoGrace)).
		AggregateOrDelete(
			func() int64 { return 0 },
			func(n int64, _, event string) (int64, bool) { return n + 1, event != "error" },
			topology.As("minutes"))
	stream.Changes(minutes).To(good)

	d := testkit.Drive(b)
	d.Input(events).Pipe("plate-1", "image", 0)
	d.Input(events).Pipe("plate-1", "error", 1)
	d.Output(good).Print()
	// Output:
	// [plate-1@0/60000] -> 1 at 0
	// [plate-1@0/60000] -> null at 1
}

// A microscope's runs: images no more than ten minutes apart. The third image joins two runs, which are deleted.
func ExampleGrouped_WindowedBySession() {
	images := topology.NewTopic[string, string]("images") // microscope -> file
	runs := topology.NewTopic[window.Key[string], int64]("runs")

	b := topology.New("runs")
	sessions := stream.From(b, images).GroupByKey().
		WindowedBySession(window.Session(10*time.Minute, time.Hour)).
		Count(topology.As("runs"))
	stream.Changes(sessions).To(runs)

	d := testkit.Drive(b)
	for _, minute := range []int64{0, 15, 8} {
		d.Input(images).Pipe("confocal", "x.tif", minute*60_000)
	}
	d.Output(runs).Print()
	// Output:
	// [confocal@0/0] -> 1 at 0
	// [confocal@900000/900000] -> 1 at 900000
	// [confocal@0/0] -> null at 0
	// [confocal@900000/900000] -> null at 900000
	// [confocal@0/900000] -> 3 at 900000
}

// A session takes late records until stream time has passed its end by gap and grace.
func ExampleSessionWindowed_Count() {
	images := topology.NewTopic[string, string]("images")
	runs := topology.NewTopic[window.Key[string], int64]("runs")

	b := topology.New("runs")
	sessions := stream.From(b, images).GroupByKey().
		WindowedBySession(window.Session(10*time.Second, 5*time.Second)).
		Count(topology.As("runs"))
	stream.Changes(sessions).To(runs)

	d := testkit.Drive(b)
	for _, second := range []int64{0, 15, 16, 0} {
		d.Input(images).Pipe("confocal", "x.tif", second*1000)
	}
	d.Output(runs).Print()
	fmt.Println("late:", d.Dropped())
	// Output:
	// [confocal@0/0] -> 1 at 0
	// [confocal@15000/15000] -> 1 at 15000
	// [confocal@15000/15000] -> null at 15000
	// [confocal@15000/16000] -> 2 at 16000
	// late: 1
}

func ExampleSessionWindowed_Reduce() {
	files := topology.NewTopic[string, string]("files") // site -> channel
	sites := topology.NewTopic[window.Key[string], string]("sites")

	b := topology.New("sites")
	sessions := stream.From(b, files).GroupByKey().
		WindowedBySession(window.Session(time.Minute, time.Hour)).
		Reduce(func(a, b string) string { return a + "," + b }, topology.As("sites"))
	stream.Changes(sessions).To(sites)

	d := testkit.Drive(b)
	d.Input(files).Pipe("A01/s1", "w1", 0)
	d.Input(files).Pipe("A01/s1", "w2", 0)
	d.Output(sites).Print()
	// Output:
	// [A01/s1@0/0] -> w1 at 0
	// [A01/s1@0/0] -> w1,w2 at 0
}

// Merge takes two accumulators and the key, and may change and return its receiver.
func (m Mean) Merge(_ string, o Mean) Mean { return Mean{m.Sum + o.Sum, m.N + o.N} }

func ExampleSessionWindowed_Aggregate() {
	intensities := topology.NewTopic[string, int64]("intensities") // site -> mean intensity of a channel
	sites := topology.NewTopic[window.Key[string], int64]("site_means")

	b := topology.New("site-means")
	sessions := stream.From(b, intensities).GroupByKey().
		WindowedBySession(window.Session(time.Minute, time.Hour)).
		Aggregate(newMean, Mean.Observe, Mean.Merge, topology.As("sites")).
		MapValues(func(m Mean) int64 { return m.Sum / m.N })
	stream.Changes(sessions).To(sites)

	d := testkit.Drive(b)
	d.Input(intensities).Pipe("A01/s1", 100, 0)
	d.Input(intensities).Pipe("A01/s1", 300, 0)
	d.Output(sites).Print()
	// Output:
	// [A01/s1@0/0] -> 100 at 0
	// [A01/s1@0/0] -> 200 at 0
}

// A site is in the table while it waits for its second channel.
func ExampleSessionWindowed_AggregateOrDelete() {
	images := topology.NewTopic[string, string]("images") // site -> channel
	waiting := topology.NewTopic[window.Key[string], int64]("waiting_sites")

	b := topology.New("waiting-sites")
	sites := stream.From(b, images).GroupByKey().
		WindowedBySession(window.Session(time.Minute, time.Hour)).
		AggregateOrDelete(
			func() int64 { return 0 },
			func(n int64, _, _ string) (int64, bool) { return n + 1, n+1 < 2 },
			func(a int64, _ string, b int64) int64 { return a + b },
			topology.As("sites"))
	stream.Changes(sites).To(waiting)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01/s1", "w1", 0)
	d.Input(images).Pipe("A01/s1", "w2", 0)
	d.Output(waiting).Print()
	// Output:
	// [A01/s1@0/0] -> 1 at 0
	// [A01/s1@0/0] -> null at 0
}
