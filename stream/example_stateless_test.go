package stream_test

import (
	"fmt"
	"iter"
	"strings"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

func ExampleStream_Filter() {
	images := topology.NewTopic[string, int64]("images") // well -> mean intensity
	bright := topology.NewTopic[string, int64]("bright_images")

	b := topology.New("bright-images")
	stream.From(b, images).
		Filter(func(_ string, intensity int64) bool { return intensity >= 200 }).
		To(bright)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", 90, 0)
	d.Input(images).Pipe("A02", 250, 1)
	d.Output(bright).Print()
	// Output: A02 -> 250 at 1
}

func ExampleStream_FilterNot() {
	files := topology.NewTopic[string, string]("files") // plate -> file
	images := topology.NewTopic[string, string]("images")

	isThumbnail := func(_, file string) bool { return strings.Contains(file, "_thumb") }

	b := topology.New("no-thumbnails")
	stream.From(b, files).FilterNot(isThumbnail).To(images)

	d := testkit.Drive(b)
	d.Input(files).Pipe("plate-1", "A01_s1_w1.tif", 0)
	d.Input(files).Pipe("plate-1", "A01_s1_w1_thumb.tif", 1)
	d.Output(images).Print()
	// Output: plate-1 -> A01_s1_w1.tif at 0
}

// A null value stays null, without a call, so that a delete stays a delete.
func ExampleStream_MapValues() {
	files := topology.NewTopic[string, string]("files")
	names := topology.NewTopic[string, string]("names")

	b := topology.New("names")
	stream.From(b, files).MapValues(strings.ToLower).To(names)

	d := testkit.Drive(b)
	d.Input(files).Pipe("A01", "A01_S1_W1.TIF", 0)
	d.Input(files).PipeNull("A01", 1)
	d.Output(names).Print()
	// Output:
	// A01 -> a01_s1_w1.tif at 0
	// A01 -> null at 1
}

func ExampleStream_MapValuesWithKey() {
	files := topology.NewTopic[string, string]("files") // plate -> file
	paths := topology.NewTopic[string, string]("paths")

	b := topology.New("paths")
	stream.From(b, files).
		MapValuesWithKey(func(plate, file string) string { return plate + "/" + file }).
		To(paths)

	d := testkit.Drive(b)
	d.Input(files).Pipe("plate-1", "A01_s1_w1.tif", 0)
	d.Output(paths).Print()
	// Output: plate-1 -> plate-1/A01_s1_w1.tif at 0
}

func ExampleStream_Map() {
	files := topology.NewTopic[string, string]("files") // plate -> file
	sizes := topology.NewTopic[string, int64]("name_lengths")

	b := topology.New("lengths")
	stream.From(b, files).
		Map(func(plate, file string) (string, int64) { return plate + "/" + file, int64(len(file)) }).
		To(sizes)

	d := testkit.Drive(b)
	d.Input(files).Pipe("plate-1", "A01.tif", 0)
	d.Output(sizes).Print()
	// Output: plate-1/A01.tif -> 7 at 0
}

func ExampleStream_SelectKey() {
	files := topology.NewTopic[string, string]("files") // plate -> file
	byWell := topology.NewTopic[string, string]("files_by_well")

	wellOf := func(plate, file string) string { return plate + "/" + file[:3] }

	b := topology.New("by-well")
	stream.From(b, files).SelectKey(wellOf).To(byWell)

	d := testkit.Drive(b)
	d.Input(files).Pipe("plate-1", "A01_s1_w1.tif", 0)
	d.Output(byWell).Print()
	// Output: plate-1/A01 -> A01_s1_w1.tif at 0
}

// One record about a site becomes one about each of its channels.
func ExampleStream_FlatMap() {
	sites := topology.NewTopic[string, []string]("sites") // site -> stains
	channels := topology.NewTopic[string, int64]("channels")

	perChannel := func(site string, stains []string) iter.Seq2[string, int64] {
		return func(yield func(string, int64) bool) {
			for i, stain := range stains {
				if !yield(site+"/"+stain, int64(i+1)) {
					return
				}
			}
		}
	}

	b := topology.New("channels")
	stream.From(b, sites).FlatMap(perChannel).To(channels)

	d := testkit.Drive(b)
	d.Input(sites).Pipe("A01/s1", []string{"Hoechst", "SYTO"}, 0)
	d.Output(channels).Print()
	// Output:
	// A01/s1/Hoechst -> 1 at 0
	// A01/s1/SYTO -> 2 at 0
}

func ExampleStream_FlatMapValues() {
	listings := topology.NewTopic[string, string]("listings") // plate -> a directory's listing
	files := topology.NewTopic[string, string]("files")

	b := topology.New("files")
	stream.From(b, listings).FlatMapValues(strings.Fields).To(files)

	d := testkit.Drive(b)
	d.Input(listings).Pipe("plate-1", "A01.tif A02.tif", 0)
	d.Output(files).Print()
	// Output:
	// plate-1 -> A01.tif at 0
	// plate-1 -> A02.tif at 0
}

func ExampleStream_FlatMapValuesWithKey() {
	wells := topology.NewTopic[string, int64]("wells") // well -> number of sites
	sites := topology.NewTopic[string, string]("sites")

	sitesOf := func(well string, n int64) []string {
		var sites []string
		for i := range n {
			sites = append(sites, fmt.Sprintf("%s/s%d", well, i+1))
		}
		return sites
	}

	b := topology.New("sites")
	stream.From(b, wells).FlatMapValuesWithKey(sitesOf).To(sites)

	d := testkit.Drive(b)
	d.Input(wells).Pipe("A01", 2, 0)
	d.Output(sites).Print()
	// Output:
	// A01 -> A01/s1 at 0
	// A01 -> A01/s2 at 0
}

func ExampleStream_Peek() {
	images := topology.NewTopic[string, string]("images")
	stored := topology.NewTopic[string, string]("stored_images")

	b := topology.New("peek")
	stream.From(b, images).
		Peek(func(well, file string) { fmt.Println("saw", well, file) }).
		To(stored)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "A01.tif", 0)
	d.Output(stored).Print()
	// Output:
	// saw A01 A01.tif
	// A01 -> A01.tif at 0
}

func ExampleStream_ForEach() {
	images := topology.NewTopic[string, string]("images")

	b := topology.New("for-each")
	stream.From(b, images).ForEach(func(well, file string) { fmt.Println(well, file) })

	testkit.Drive(b).Input(images).Pipe("A01", "A01.tif", 0)
	// Output: A01 A01.tif
}

// Two microscopes write topics of their own; downstream they are one stream.
func ExampleStream_Merge() {
	confocal := topology.NewTopic[string, string]("confocal_images")
	widefield := topology.NewTopic[string, string]("widefield_images")
	images := topology.NewTopic[string, string]("images")

	b := topology.New("microscopes")
	stream.From(b, confocal).Merge(stream.From(b, widefield)).To(images)

	d := testkit.Drive(b)
	d.Input(widefield).Pipe("A01", "w.tif", 0)
	d.Input(confocal).Pipe("A01", "c.tif", 1)
	d.Output(images).Print()
	// Output:
	// A01 -> w.tif at 0
	// A01 -> c.tif at 1
}

// Each record goes to the first branch that wants it.
func ExampleStream_Split() {
	images := topology.NewTopic[string, int64]("images") // well -> mean intensity
	saturated := topology.NewTopic[string, int64]("saturated")
	dark := topology.NewTopic[string, int64]("dark")
	good := topology.NewTopic[string, int64]("good")

	b := topology.New("quality")
	by := stream.From(b, images).Split()
	by.Branch(func(_ string, intensity int64) bool { return intensity > 60_000 }).To(saturated)
	by.Branch(func(_ string, intensity int64) bool { return intensity < 100 }).To(dark)
	by.Default().To(good)

	d := testkit.Drive(b)
	for i, intensity := range []int64{65_535, 12, 8_000} {
		d.Input(images).Pipe("A01", intensity, int64(i))
	}
	d.Output(saturated).Print()
	d.Output(dark).Print()
	d.Output(good).Print()
	// Output:
	// A01 -> 65535 at 0
	// A01 -> 12 at 1
	// A01 -> 8000 at 2
}

func ExampleSplitter_Branch() {
	images := topology.NewTopic[string, string]("images") // well -> stain
	nuclei := topology.NewTopic[string, string]("nuclei")

	b := topology.New("nuclei")
	stream.From(b, images).Split().
		Branch(func(_, stain string) bool { return stain == "Hoechst" }).
		To(nuclei) // without a Default, the others go nowhere

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "Hoechst", 0)
	d.Input(images).Pipe("A01", "SYTO", 1)
	d.Output(nuclei).Print()
	// Output: A01 -> Hoechst at 0
}

func ExampleSplitter_Default() {
	files := topology.NewTopic[string, string]("files")
	images := topology.NewTopic[string, string]("images")
	strays := topology.NewTopic[string, string]("stray_files")

	b := topology.New("strays")
	by := stream.From(b, files).Split()
	by.Branch(func(_, file string) bool { return strings.HasSuffix(file, ".tif") }).To(images)
	by.Default().To(strays)

	d := testkit.Drive(b)
	d.Input(files).Pipe("plate-1", "A01.tif", 0)
	d.Input(files).Pipe("plate-1", "Thumbs.db", 1)
	d.Output(strays).Print()
	// Output: plate-1 -> Thumbs.db at 1
}
