package table_test

import (
	"fmt"
	"strings"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// A well has a result as soon as its compound is known; the cells are added when they are counted.
func ExampleTable_LeftJoin() {
	compounds := topology.NewTopic[string, string]("compounds") // well -> compound
	cells := topology.NewTopic[string, int64]("cells")          // well -> cell count
	results := topology.NewTopic[string, string]("results")

	b := topology.New("results")
	table.From(b, compounds).
		LeftJoin(table.From(b, cells), func(compound string, n int64, counted bool) string {
			if !counted {
				return compound + ": not counted"
			}
			return fmt.Sprintf("%s: %d cells", compound, n)
		}).
		To(results)

	d := testkit.Drive(b)
	d.Input(compounds).Pipe("A01", "aspirin", 3)
	d.Input(cells).Pipe("A01", 180, 5)
	d.Input(cells).Pipe("B01", 95, 6) // no compound, no result
	d.Input(cells).PipeNull("A01", 7)
	d.Input(compounds).PipeNull("A01", 8)
	d.Output(results).Print()
	// Output:
	// A01 -> aspirin: not counted at 3
	// A01 -> aspirin: 180 cells at 5
	// A01 -> aspirin: not counted at 7
	// A01 -> null at 8
}

// A well has a result while anything is known of it.
func ExampleTable_OuterJoin() {
	compounds := topology.NewTopic[string, string]("compounds")
	cells := topology.NewTopic[string, int64]("cells")
	results := topology.NewTopic[string, string]("results")

	b := topology.New("results")
	table.From(b, compounds).
		OuterJoin(table.From(b, cells), func(compound string, treated bool, n int64, counted bool) string {
			if !treated {
				compound = "untreated"
			}
			if !counted {
				return compound + ": not counted"
			}
			return fmt.Sprintf("%s: %d cells", compound, n)
		}).
		To(results)

	d := testkit.Drive(b)
	d.Input(cells).Pipe("A01", 180, 5)
	d.Input(compounds).Pipe("A01", "aspirin", 3)
	d.Input(cells).PipeNull("A01", 6)
	d.Input(compounds).PipeNull("A01", 7)
	d.Output(results).Print()
	// Output:
	// A01 -> untreated: 180 cells at 5
	// A01 -> aspirin: 180 cells at 5
	// A01 -> aspirin: not counted at 6
	// A01 -> null at 7
}

// Sites are reported before their experiment is known, too.
func ExampleTable_LeftForeignKeyJoin() {
	sites := topology.NewTopic[string, Site]("sites")
	experiments := topology.NewTopic[string, int64]("experiments") // experiment -> images per site
	progress := topology.NewTopic[string, string]("progress")

	b := topology.New("progress")
	table.From(b, sites).
		LeftForeignKeyJoin(table.From(b, experiments),
			func(s Site) string { return s.Experiment },
			func(s Site, expected int64, known bool) string {
				if !known {
					return fmt.Sprintf("%d of ?", s.Images)
				}
				return fmt.Sprintf("%d of %d", s.Images, expected)
			},
			topology.As("by-experiment")).
		To(progress)

	d := testkit.Drive(b, testkit.Partitions(3))
	d.Input(sites).Pipe("A01/s1", Site{"dose-response", 5}, 0)
	d.Input(experiments).Pipe("dose-response", 6, 1)
	d.Input(experiments).PipeNull("dose-response", 2)
	d.Output(progress).Print()
	// Output:
	// A01/s1 -> 5 of ? at 0
	// A01/s1 -> 5 of 6 at 1
	// A01/s1 -> 5 of ? at 2
}

// plateOf is the plate in a site's key.
func plateOf(site string, _ int64) string {
	plate, _, _ := strings.Cut(site, "/")
	return plate
}

// The foreign key is a part of the row's key.
func ExampleTable_ForeignKeyJoinWithKey() {
	sites := topology.NewTopic[string, int64]("sites")    // plate/site -> images
	plates := topology.NewTopic[string, string]("plates") // plate -> microscope
	origins := topology.NewTopic[string, string]("origins")

	b := topology.New("origins")
	table.From(b, sites).
		ForeignKeyJoinWithKey(table.From(b, plates), plateOf,
			func(images int64, microscope string) string {
				return fmt.Sprintf("%d images by %s", images, microscope)
			},
			topology.As("by-plate")).
		To(origins)

	d := testkit.Drive(b)
	d.Input(sites).Pipe("plate-1/A01", 6, 0)
	d.Input(plates).Pipe("plate-1", "ImageXpress", 1)
	d.Output(origins).Print()
	// Output: plate-1/A01 -> 6 images by ImageXpress at 1
}

func ExampleTable_LeftForeignKeyJoinWithKey() {
	sites := topology.NewTopic[string, int64]("sites")
	plates := topology.NewTopic[string, string]("plates")
	origins := topology.NewTopic[string, string]("origins")

	b := topology.New("origins")
	table.From(b, sites).
		LeftForeignKeyJoinWithKey(table.From(b, plates), plateOf,
			func(images int64, microscope string, known bool) string {
				if !known {
					microscope = "an unknown microscope"
				}
				return fmt.Sprintf("%d images by %s", images, microscope)
			},
			topology.As("by-plate")).
		To(origins)

	d := testkit.Drive(b)
	d.Input(sites).Pipe("plate-1/A01", 6, 0)
	d.Input(plates).Pipe("plate-1", "ImageXpress", 1)
	d.Output(origins).Print()
	// Output:
	// plate-1/A01 -> 6 images by an unknown microscope at 0
	// plate-1/A01 -> 6 images by ImageXpress at 1
}

// Every task sees all channels, whichever partition they are in.
func ExampleFromGlobal() {
	images := topology.NewTopic[string, string]("images")     // file -> channel
	channels := topology.NewTopic[string, string]("channels") // channel -> stain
	stained := topology.NewTopic[string, string]("stained_images")

	b := topology.New("stained")
	stains := table.FromGlobal(b, channels, topology.As("stains"))
	stream.From(b, images).
		JoinGlobal(stains, func(_, channel string) string { return channel }, func(_, stain string) string { return stain }).
		To(stained)

	d := testkit.Drive(b, testkit.Partitions(4))
	d.Input(channels).Pipe("w1", "Hoechst", 0)
	d.Input(channels).Pipe("w2", "Phalloidin", 0)
	d.Input(images).Pipe("A01_w2.tif", "w2", 1)
	d.Output(stained).Print()
	for _, row := range d.Rows[string, string]("stains") {
		fmt.Println(row.Key, row.Value)
	}
	// Output:
	// A01_w2.tif -> Phalloidin at 1
	// w1 Hoechst
	// w2 Phalloidin
}

// A processor reads the rows as it likes.
func ExampleGlobal_Open() {
	images := topology.NewTopic[string, string]("images")
	channels := topology.NewTopic[string, string]("channels")
	expected := topology.NewTopic[string, string]("expected_stains")

	b := topology.New("expected")
	stains := table.FromGlobal(b, channels)
	stream.From(b, images).
		Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			rows, err := stains.Open(c)
			if err != nil {
				return nil, err
			}
			return func(r stream.Record[string, string]) error {
				var all []string
				for row, err := range rows.All() {
					if err != nil {
						return err
					}
					all = append(all, row.Value)
				}
				r.Value = strings.Join(all, ", ")
				return c.Forward(r)
			}, nil
		}).
		To(expected)

	d := testkit.Drive(b)
	d.Input(channels).Pipe("w1", "Hoechst", 0)
	d.Input(channels).Pipe("w2", "Phalloidin", 0)
	d.Input(images).Pipe("A01_w2.tif", "w2", 1)
	d.Output(expected).Print()
	// Output: A01_w2.tif -> Hoechst, Phalloidin at 1
}
