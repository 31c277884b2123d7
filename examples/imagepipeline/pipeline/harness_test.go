package pipeline

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/millrace-go/millrace/examples/imagepipeline/plate"
	"github.com/millrace-go/millrace/examples/imagepipeline/synthetic"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/task"
	"github.com/millrace-go/millrace/testkit"
)

const (
	idle  = time.Minute
	start = int64(1_700_000_000_000)
)

// bench is a pipeline in memory, with a worker beside it.
type bench struct {
	t      *testing.T
	topics Topics
	*testkit.Driver
	now int64 // event time
	// what came out, in the order in which it did
	sites      []stream.Record[SiteID, Site]
	features   []stream.Record[SiteID, SiteFeatures]
	wells      []stream.Record[WellID, WellFeatures]
	plates     []stream.Record[PlateID, PlateFeatures]
	incomplete []stream.Record[SiteID, Incomplete]
	unused     []stream.Record[SiteID, Unused]
}

func newBench(t *testing.T, opts ...testkit.Option) *bench {
	t.Helper()
	t.TempDir() // goes last, so that the images are still there when the driver runs its inputs again at the end
	topics := NewTopics("")
	topo, err := Build(topics, Options{Idle: idle, Extract: task.Options{Attempts: 1}})
	if err != nil {
		t.Fatal(err)
	}
	opts = append([]testkit.Option{testkit.StartAt(start), testkit.Partitions(3), testkit.SkipErrors()}, opts...)
	return &bench{t: t, topics: topics, Driver: testkit.New(t, topo, opts...), now: start}
}

// image publishes an image's event, a millisecond after the one before.
func (b *bench) image(i Image) {
	b.t.Helper()
	b.now++
	b.Input(b.topics.Images).Pipe(i.ImageID(), i, b.now)
}

func (b *bench) images(all []Image) {
	b.t.Helper()
	for _, i := range all {
		b.image(i)
	}
}

// metadata publishes an experiment's, years before any image: when it was written says nothing about a run.
func (b *bench) metadata(name string, e Experiment) {
	b.t.Helper()
	b.Input(b.topics.Metadata).Pipe(ExperimentID(name), e, 1)
}

// work does what the workers are asked for and collects what comes out, until nothing more does.
func (b *bench) work() {
	b.t.Helper()
	b.Commit()
	for {
		requests := b.Output(b.topics.Extract.Requests[SiteID]()).ReadAll()
		for _, r := range requests {
			b.answer(r)
		}
		b.Commit()
		if len(requests) == 0 {
			break
		}
	}
	b.sites = append(b.sites, b.Output(b.topics.Sites).ReadAll()...)
	b.features = append(b.features, b.Output(b.topics.SiteFeatures).ReadAll()...)
	b.wells = append(b.wells, b.Output(b.topics.WellFeatures).ReadAll()...)
	b.plates = append(b.plates, b.Output(b.topics.PlateFeatures).ReadAll()...)
	b.incomplete = append(b.incomplete, b.Output(b.topics.Incomplete).ReadAll()...)
	b.unused = append(b.unused, b.Output(b.topics.Unused).ReadAll()...)
}

func (b *bench) answer(r stream.Record[SiteID, task.Request[Site]]) {
	b.t.Helper()
	out, err := Extract(b.t.Context(), r.Value.Body)
	result := r.Value.Done(out)
	if err != nil {
		result = r.Value.Failed[SiteFeatures](err)
	}
	b.Input(b.topics.Extract.Results[SiteID]()).PipeTo(r.Partition, stream.Record[SiteID, task.Result[SiteFeatures]]{
		Key: r.Key, Value: result, Timestamp: r.Timestamp, Headers: r.Headers,
	})
}

// values are a topic's by key: each key must have come once.
func values[K ~string, V any](t *testing.T, what string, records []stream.Record[K, V]) map[K]V {
	t.Helper()
	m := map[K]V{}
	for _, r := range records {
		if _, twice := m[r.Key]; twice {
			t.Errorf("%s: %s came out twice", what, r.Key)
		}
		m[r.Key] = r.Value
	}
	return m
}

// A small plate: 3 wells of 2 sites of 6 channels.
var small = Experiment{Channels: 6, SitesPerWell: 2, WellsPerPlate: 3}

// smallPlates makes files of one plate for each experiment and gives their events, plate by plate.
func smallPlates(t *testing.T, experiments ...string) []Image {
	t.Helper()
	opts := synthetic.Options{Wells: []string{"B02", "B03", "C02"}, Sites: 2, Size: 8, Seed: 7}
	for _, e := range experiments {
		opts.Plates = append(opts.Plates, synthetic.Plate{Experiment: e, Name: "p1"})
	}
	dir := t.TempDir()
	if _, err := synthetic.Write(t.Context(), dir, opts); err != nil {
		t.Fatal(err)
	}
	survey, err := plate.Walk(dir, plate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var all []Image
	for _, i := range survey.Images {
		all = append(all, Image{Position{i.Experiment, i.Plate, i.Well, i.Site}, i.Channel, i.Path})
	}
	if want := 36 * len(experiments); len(all) != want {
		t.Fatalf("%d images, want %d", len(all), want)
	}
	return all
}

// shuffled is in an order that the test's log tells, and MILLRACE_SEED repeats.
func shuffled(t *testing.T, images []Image) []Image {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("MILLRACE_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("MILLRACE_SEED: %v", err)
		}
	}
	t.Logf("shuffled by MILLRACE_SEED=%d", seed)
	images = slices.Clone(images)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(images), func(i, j int) { images[i], images[j] = images[j], images[i] })
	return images
}

func write(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), fmt.Sprintf("image-%d.tif", len(data)))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// bigger is an image of another size than smallPlates'.
func bigger(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	opts := synthetic.Options{Plates: []synthetic.Plate{{Experiment: "e", Name: "p"}}, Wells: []string{"B02"}, Sites: 1, Size: 16}
	if _, err := synthetic.Write(t.Context(), dir, opts); err != nil {
		t.Fatal(err)
	}
	survey, err := plate.Walk(dir, plate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return survey.Images[0].Path
}
