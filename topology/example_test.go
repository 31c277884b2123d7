package topology_test

import (
	"fmt"
	"time"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// Build tells of every mistake at once, each with the operator, the place of the call and what to change.
func ExampleBuilder_Build() {
	images := topology.NewTopic[string, string]("images")

	b := topology.New("mistakes")
	s := stream.From(b, images)
	s.Filter(nil)
	s.GroupByKey().Count()
	_, err := b.Build()
	fmt.Println(err)
	// Output:
	// example_test.go:21: filter: the predicate is nil: give a function
	// example_test.go:22: count: creates a store and needs a name that stays when the topology changes: add topology.As("...")
}

// For a sketch, the names of stores may be made up.
func ExampleBuilder_GenerateNames() {
	images := topology.NewTopic[string, string]("images")

	b := topology.New("sketch").GenerateNames()
	stream.From(b, images).GroupByKey().Count()
	t, err := b.Build()
	fmt.Println(t.Name(), err)
	// Output: sketch <nil>
}

func ExampleMust() {
	b := topology.New("must")
	stream.From(b, topology.NewTopic[string, string]("images")).ForEach(func(well, file string) {})
	fmt.Println(topology.Must(b.Build()).Name())
	// Output: must
}

// Serdes that the stock ones are not: this topic's values are JSON.
func ExampleTopic() {
	type Image struct{ Well string }
	images := topology.Topic[string, Image]{Name: "images", Value: serde.JSON[Image]()}
	wells := topology.NewTopic[string, string]("wells")

	b := topology.New("json")
	stream.From(b, images).MapValues(func(i Image) string { return i.Well }).To(wells)

	d := testkit.Drive(b)
	d.PipeBytes("images", []byte("1.tif"), []byte(`{"Well":"A01"}`), 0)
	d.Output(wells).Print()
	// Output: 1.tif -> A01 at 0
}

// The name is the store's, so that it outlives changes elsewhere in the topology.
func ExampleAs() {
	images := topology.NewTopic[string, string]("images")

	b := topology.New("as")
	stream.From(b, images).GroupByKey().Count(topology.As("images-per-well"))

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "s1.tif", 0)
	fmt.Println(d.Rows[string, int64]("images-per-well"))
	// Output: [{A01 1 0}]
}

// One commit forwards one change per row, the last.
func ExampleEmitOnCommit() {
	images := topology.NewTopic[string, string]("images")
	counts := topology.NewTopic[string, int64]("counts")

	b := topology.New("emit-on-commit")
	stream.Changes(stream.From(b, images).GroupByKey().Count(topology.As("counts"), topology.EmitOnCommit())).To(counts)

	d := testkit.Drive(b, testkit.CommitEvery(100))
	for at := range int64(3) {
		d.Input(images).Pipe("A01", "x.tif", at)
	}
	d.Commit()
	d.Output(counts).Print()
	// Output: A01 -> 3 at 2
}

// The time is in the record: what is late and in which window it falls goes by it.
func ExampleExtractor() {
	type Image struct{ Taken int64 }
	images := topology.NewTopic[string, Image]("images")
	counts := topology.NewTopic[window.Key[string], int64]("counts")

	taken := func(_ string, i Image, recordTime, _ int64) int64 {
		if i.Taken == 0 {
			return recordTime
		}
		return i.Taken
	}

	b := topology.New("taken")
	perMinute := stream.From(b, images, topology.Extractor(taken)).GroupByKey().
		WindowedBy(window.Tumbling(time.Minute, time.Hour)).
		Count(topology.As("counts"))
	stream.Changes(perMinute).To(counts)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", Image{Taken: 61_000}, 5)
	d.Input(images).Pipe("A01", Image{}, 5)
	d.Output(counts).Print()
	// Output:
	// [A01@60000/120000] -> 1 at 61000
	// [A01@0/60000] -> 1 at 5
}

// The well is a struct, kept in JSON so that another program can read the changelog.
func ExampleWithValueSerde() {
	type Progress struct{ Images int64 }
	images := topology.NewTopic[string, string]("images")

	b := topology.New("json-store")
	stream.From(b, images).GroupByKey().Aggregate(
		func() Progress { return Progress{} },
		func(p Progress, _, _ string) Progress { return Progress{p.Images + 1} },
		topology.As("progress"), topology.WithValueSerde(serde.JSON[Progress]()))

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "s1.tif", 0)
	fmt.Println(d.Rows[string, Progress]("progress"))
	// Output: [{A01 {1} 0}]
}

// Wells are counted by a key whose bytes another program has chosen.
func ExampleWithKeySerde() {
	type Well struct{ Row, Column int64 }
	images := topology.NewTopic[string, Well]("images")
	counts := topology.Topic[Well, int64]{Name: "counts", Key: serde.JSON[Well]()}

	b := topology.New("json-keys")
	perWell := stream.From(b, images).
		GroupBy(func(_ string, w Well) Well { return w }, topology.WithKeySerde(serde.JSON[Well]())).
		Count(topology.As("per-well"))
	stream.Changes(perWell).To(counts)

	d := testkit.Drive(b)
	d.Input(images).Pipe("1.tif", Well{1, 7}, 0)
	fmt.Printf("%s\n", d.Produced()[0].Key)
	// Output: {"Row":1,"Column":7}
}

// Twelve tasks work on the wells, however many partitions the images have.
func ExamplePartitions() {
	images := topology.NewTopic[string, string]("images")
	counts := topology.NewTopic[string, int64]("counts")

	b := topology.New("twelve")
	perWell := stream.From(b, images).
		GroupBy(func(_, well string) string { return well }, topology.Partitions(12)).
		Count(topology.As("per-well"))
	stream.Changes(perWell).To(counts)

	d := testkit.Drive(b)
	d.Input(images).Pipe("1.tif", "A01", 0)
	d.Output(counts).Print()
	// Output: A01 -> 1 at 0
}

// A store in memory is fast to open and restored from its changelog at each start.
func ExampleInMemory() {
	images := topology.NewTopic[string, string]("images")

	b := topology.New("in-memory")
	stream.From(b, images).GroupByKey().Count(topology.As("counts"), topology.InMemory())

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "s1.tif", 0)
	fmt.Println(len(d.Rows[string, int64]("counts")))
	// Output: 1
}

// What can be had again need not be logged.
func ExampleWithoutChangelog() {
	images := topology.NewTopic[string, string]("images")

	b := topology.New("no-changelog")
	stream.From(b, images).ToTable(topology.As("latest"), topology.WithoutChangelog())

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "s1.tif", 0)
	fmt.Println(len(d.Rows[string, string]("latest")))
	// Output: 1
}

// Windows are kept for a day, though they take no late records after a minute.
func ExampleRetention() {
	images := topology.NewTopic[string, string]("images")

	b := topology.New("retention")
	stream.From(b, images).GroupByKey().
		WindowedBy(window.Tumbling(time.Minute, time.Minute)).
		Count(topology.As("per-minute"), topology.Retention(24*time.Hour))

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "s1.tif", 0)
	d.Input(images).Pipe("A01", "s2.tif", 3_600_000)
	fmt.Println(len(d.WindowRows[string, int64]("per-minute")), "windows")
	// Output: 2 windows
}

// Two processors of one store are in one task.
func ExampleWithStores() {
	images := topology.NewTopic[string, string]("images")
	queries := topology.NewTopic[string, string]("queries")
	answers := topology.NewTopic[string, string]("answers")

	b := topology.New("shared-store")
	latest := state.KeyValue[string, string]("latest")
	stream.From(b, images).
		Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			rows, err := latest.Open(c)
			return func(r stream.Record[string, string]) error { return rows.Put(r.Key, r.Value) }, err
		}, topology.WithStores(latest))
	stream.From(b, queries).
		Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			rows, err := latest.Open(c)
			return func(r stream.Record[string, string]) error {
				if r.Value, r.Null, err = answer(rows, r.Key); err != nil {
					return err
				}
				return c.Forward(r)
			}, err
		}, topology.WithStores(latest)).
		To(answers)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "s1.tif", 0)
	d.Input(queries).Pipe("A01", "?", 1)
	d.Output(answers).Print()
	// Output: A01 -> s1.tif at 1
}

func answer(rows *state.KeyValueStore[string, string], well string) (file string, none bool, err error) {
	file, ok, err := rows.Get(well)
	return file, !ok, err
}

// One result for each minute: the record of the next one closes it.
func ExampleEmitOnWindowClose() {
	images := topology.NewTopic[string, string]("images") // microscope -> file
	rates := topology.NewTopic[window.Key[string], int64]("rates")

	b := topology.New("rates")
	perMinute := stream.From(b, images).GroupByKey().
		WindowedBy(window.Tumbling(time.Minute, 10*time.Second)).
		Count(topology.As("per-minute"), topology.EmitOnWindowClose())
	stream.Changes(perMinute).To(rates)

	d := testkit.Drive(b)
	for _, second := range []int64{1, 59, 65, 58, 70} {
		d.Input(images).Pipe("confocal", "x.tif", second*1000)
	}
	d.Output(rates).Print()
	// Output: [confocal@0/60000] -> 3 at 59000
}

// The microscope has stopped, so no record closes its last minute: the wall clock does.
func ExampleCloseWhenIdle() {
	images := topology.NewTopic[string, string]("images")
	rates := topology.NewTopic[window.Key[string], int64]("rates")

	b := topology.New("rates")
	perMinute := stream.From(b, images).GroupByKey().
		WindowedBy(window.Tumbling(time.Minute, 10*time.Second)).
		Count(topology.As("per-minute"), topology.EmitOnWindowClose(), topology.CloseWhenIdle(5*time.Minute))
	stream.Changes(perMinute).To(rates)

	d := testkit.Drive(b)
	d.Input(images).Pipe("confocal", "1.tif", 1000)
	d.Input(images).Pipe("confocal", "2.tif", 2000)
	d.Advance(4 * time.Minute)
	fmt.Println("after 4 minutes:", len(d.Output(rates).ReadAll()))
	d.Advance(time.Minute)
	d.Output(rates).Print()
	// Output:
	// after 4 minutes: 0
	// [confocal@0/60000] -> 2 at 2000
}
