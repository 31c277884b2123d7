package pipeline

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/examples/imagepipeline/internal/cells"
	"github.com/millrace-go/millrace/examples/imagepipeline/plate"
)

// reference is what others have measured on the real images.
type reference struct {
	Sites      map[string]refSite `json:"images_and_sites"`
	MiniPlates map[string]struct {
		Wells map[string]map[string]float64
	} `json:"mini_plates"`
}

type refSite struct {
	Images map[string]refImage       `json:"images"`
	Pairs  map[string]refCorrelation `json:"pairs"`
}

type refImage struct {
	File    string
	Channel int `json:"channel_index"`
	ChannelFeatures
}

type refCorrelation struct{ Pearson float64 }

// first is what to add to the reference's channels so that they count from 1: one site's count from 0.
func (s refSite) first() int {
	for _, image := range s.Images {
		if image.Channel == 0 {
			return 1
		}
	}
	return 0
}

func readReference(t *testing.T) (dir string, ref reference) {
	t.Helper()
	dir = cells.Dir(t)
	data, err := os.ReadFile(filepath.Join(dir, "reference.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &ref); err != nil {
		t.Fatal(err)
	}
	if len(ref.Sites) == 0 || len(ref.MiniPlates) == 0 {
		t.Fatal("reference.json holds no sites or no plates: the test proves nothing")
	}
	if dir, err = filepath.Abs(dir); err != nil {
		t.Fatal(err)
	}
	return dir, ref
}

// The reference's tolerance: 1e-9 of the value, and none for percentages.
var withinReference = gocmp.FilterPath(func(p gocmp.Path) bool {
	return !strings.Contains(p.String(), "Percent")
}, gocmp.Comparer(near))

func near(a, b float64) bool {
	return a == b || math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b))
}

// The real plate goes through the whole pipeline as the uploader finds it, and agrees with the reference at every level.
func TestRealPlate(t *testing.T) {
	t.Parallel()
	dir, ref := readReference(t)
	survey, err := plate.Walk(filepath.Join(dir, "images", "imagexpress_Projection-Mix"), plate.Options{Experiment: "faim", Plate: "Projection-Mix"})
	if err != nil {
		t.Fatal(err)
	}
	if survey.Counts[plate.Thumbnail] != 12 || len(survey.Images) != 12 {
		t.Errorf("%d images and %d thumbnails, want 12 of each", len(survey.Images), survey.Counts[plate.Thumbnail])
	}
	var images []Image
	for _, i := range survey.Images {
		images = append(images, Image{Position{i.Experiment, i.Plate, i.Well, i.Site}, i.Channel, i.Path})
	}
	e := survey.Experiments[0]
	b := newBench(t)
	images = shuffled(t, images)
	b.images(images[:6])
	b.metadata(e.Name, Experiment{Channels: e.ChannelsPerSite, SitesPerWell: e.SitesPerWell, WellsPerPlate: e.WellsPerPlate})
	b.images(images[6:])
	b.work()
	got := b.outcome()
	for id, site := range got.Features {
		name := "Projection-Mix_" + strings.Replace(strings.TrimPrefix(string(id), "faim/Projection-Mix/"), "/", "_s", 1)
		compareSite(t, ref, name, site.Features)
	}
	if n := len(got.Features); n != 4 {
		t.Errorf("%d sites, want 4", n)
	}
	compareWells(t, ref, got.Wells)
	if n := len(got.Plates["faim/Projection-Mix"].Wells); n != 2 {
		t.Errorf("the plate has %d wells, want 2", n)
	}
}

// The other real sites: Opera Phenix with six channels, and 8-bit images under names of their own.
func TestRealSites(t *testing.T) {
	t.Parallel()
	dir, ref := readReference(t)
	for _, name := range []string{"BR00143976_C03_s3", "ExampleHuman_D03_f00"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			site := ref.Sites[name]
			at := Position{Experiment: "real", Plate: name, Well: "C03", Site: 1}
			for _, image := range site.Images {
				b.image(Image{at, image.Channel + site.first(), filepath.Join(dir, image.File)})
			}
			b.metadata("real", Experiment{Channels: len(site.Images), SitesPerWell: 1, WellsPerPlate: 1})
			b.work()
			got := b.outcome()
			if len(got.Features) != 1 || len(got.Plates) != 1 {
				t.Fatalf("%d sites and %d plates, want 1: %q", len(got.Features), len(got.Plates), b.Skips())
			}
			compareSite(t, ref, name, got.Features[at.SiteID()].Features)
			// With one site and one well, the medians are the site's own.
			if diff := gocmp.Diff(got.Features[at.SiteID()].Features, got.Plates[at.PlateID()].Features); diff != "" {
				t.Errorf("plate (-site +plate):\n%s", diff)
			}
		})
	}
}

func compareSite(t *testing.T, ref reference, name string, got Features) {
	t.Helper()
	want, there := ref.Sites[name]
	if !there || len(got.Channels) != len(want.Images) {
		t.Fatalf("%s: %d channels, the reference has %d", name, len(got.Channels), len(want.Images))
	}
	number := map[string]int{}
	for channel, image := range want.Images {
		number[channel] = image.Channel + want.first()
		if diff := gocmp.Diff(image.ChannelFeatures, got.Channels[number[channel]-1], withinReference); diff != "" {
			t.Errorf("%s, %s (-want +got):\n%s", name, channel, diff)
		}
	}
	for pair, want := range want.Pairs {
		a, b, _ := strings.Cut(pair, "|")
		if r := got.Correlation(number[a], number[b]); !near(r, want.Pearson) {
			t.Errorf("%s, Pearson of %s: %v, want %v", name, pair, r, want.Pearson)
		}
	}
}

// compareWells compares what the reference has of each well: one number for each metric and channel.
func compareWells(t *testing.T, ref reference, wells map[WellID]WellFeatures) {
	t.Helper()
	compared := 0
	for well, features := range ref.MiniPlates["Projection-Mix"].Wells {
		got := wells[WellID("faim/Projection-Mix/"+well)]
		for channel, c := range got.Channels {
			suffix := "_w" + string(rune('1'+channel))
			for metric, value := range map[string]float64{
				"MeanIntensity": c.MeanIntensity, "MedianIntensity": c.MedianIntensity, "StdIntensity": c.StdIntensity,
				"MADIntensity": c.MADIntensity, "PercentMaximal": c.PercentMaximal, "PercentSaturated": c.PercentSaturated,
				"FocusScore": c.FocusScore, "ForegroundFraction": c.ForegroundFraction,
			} {
				if want, there := features[metric+suffix]; !there || !near(value, want) {
					t.Errorf("%s %s: %v, want %v (%v)", well, metric+suffix, value, want, there)
				}
				compared++
			}
		}
		for pair, r := range map[string]float64{"w1_w2": got.Correlation(1, 2), "w1_w3": got.Correlation(1, 3), "w2_w3": got.Correlation(2, 3)} {
			if want, there := features["Pearson_"+pair]; !there || !near(r, want) {
				t.Errorf("%s Pearson_%s: %v, want %v (%v)", well, pair, r, want, there)
			}
		}
	}
	if compared != 2*3*8 {
		t.Errorf("%d values of wells compared, want %d", compared, 2*3*8)
	}
}
