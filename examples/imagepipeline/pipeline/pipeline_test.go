package pipeline

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
)

// outcome is all that a run gives, in an order of its own: that of the keys.
type outcome struct {
	Sites    map[SiteID]Site
	Features map[SiteID]SiteFeatures
	Wells    map[WellID]WellFeatures
	Plates   map[PlateID]PlateFeatures
}

func (b *bench) outcome() outcome {
	b.t.Helper()
	return outcome{
		values(b.t, "sites", b.sites), values(b.t, "site features", b.features), values(b.t, "wells", b.wells), values(b.t, "plates", b.plates),
	}
}

// Whenever the metadata comes, and in whatever order the images do, the result is the same.
func TestMetadataMayComeAtAnyTime(t *testing.T) {
	t.Parallel()
	images := smallPlates(t, "e1", "e2")
	results := map[string]outcome{}
	for _, c := range []struct {
		name   string
		before int // images
		opts   []testkit.Option
	}{
		{"before", 0, nil},
		{"between", len(images) / 2, nil},
		{"after", len(images), nil},
		{"between, committing seldom", len(images) / 3, []testkit.Option{testkit.CommitEvery(50)}},
		{"after, one task", len(images), []testkit.Option{testkit.SingleTask()}},
	} {
		t.Run(c.name, func(t *testing.T) {
			order := shuffled(t, images)
			b := newBench(t, c.opts...)
			b.images(order[:c.before])
			b.work()
			b.metadata("e1", small)
			b.metadata("e2", small)
			b.images(order[c.before:])
			b.work()
			// What has come out does not come out again with the metadata.
			b.metadata("e1", small)
			b.work()
			results[c.name] = b.outcome()
			if len(b.incomplete) > 0 {
				t.Errorf("reported: %v", b.incomplete)
			}
			if n := b.Dropped(); n > 0 {
				t.Errorf("%d records were dropped: %q", n, b.Skips())
			}
		})
	}
	want := results["before"]
	if got, want := []int{len(want.Sites), len(want.Features), len(want.Wells), len(want.Plates)}, []int{12, 12, 6, 2}; !slices.Equal(got, want) {
		t.Fatalf("sites, their features, wells, plates: %d, want %d", got, want)
	}
	for name, got := range results {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("metadata %s (-before +%s):\n%s", name, name, diff)
		}
	}
}

// Wells and plates are complete by the time of their images, also where the metadata came weeks later: else the wells of
// one plate would seem to be of several runs.
func TestTimeIsTheImages(t *testing.T) {
	t.Parallel()
	images := smallPlates(t, "e1")
	b := newBench(t)
	b.images(images)
	last := b.now
	b.Input(b.topics.Metadata).Pipe("e1", small, last+30*24*3600*1000)
	b.work()
	if len(b.plates) != 1 {
		t.Fatalf("%d plates, want 1", len(b.plates))
	}
	if got := b.plates[0].Timestamp; got != last {
		t.Errorf("the plate's time is %d, want that of its last image, %d", got, last)
	}
}

// Medians are over what is below: of the sites for a well, of the wells for a plate.
func TestMedians(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.metadata("e1", small)
	b.images(shuffled(t, smallPlates(t, "e1")))
	b.work()
	got := b.outcome()
	var wells []Features
	for _, id := range slices.Sorted(maps.Keys(got.Wells)) {
		well := got.Wells[id]
		var sites []Features
		for _, site := range well.Sites {
			p := well.Position
			p.Site = site
			sites = append(sites, got.Features[p.SiteID()].Features)
		}
		mean := (sites[0].Channels[2].MeanIntensity + sites[1].Channels[2].MeanIntensity) / 2
		if well.Channels[2].MeanIntensity != mean {
			t.Errorf("%s: channel 3 has mean intensity %v, want %v", id, well.Channels[2].MeanIntensity, mean)
		}
		if diff := cmp.Diff(Median(sites...), well.Features); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
		wells = append(wells, well.Features)
	}
	want := PlateFeatures{Experiment: "e1", Plate: "p1", Wells: []string{"B02", "B03", "C02"}, Features: Median(wells...)}
	if diff := cmp.Diff(want, got.Plates["e1/p1"]); diff != "" {
		t.Errorf("plate (-want +got):\n%s", diff)
	}
}

// An image that comes twice is counted and changes nothing, before its site is complete and after.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	images := smallPlates(t, "e1")
	clean := newBench(t)
	clean.metadata("e1", small)
	clean.images(images)
	clean.work()

	b := newBench(t)
	again := images[0]
	again.Path = images[1].Path // a second image, not the same event twice
	b.image(images[0])
	b.image(again)
	b.metadata("e1", small)
	b.images(images[1:])
	b.work()
	b.image(images[5])
	b.work()
	if diff := cmp.Diff(clean.outcome(), b.outcome()); diff != "" {
		t.Errorf("(-without +with duplicates):\n%s", diff)
	}
	last := map[SiteID]Unused{}
	for _, r := range b.unused {
		last[r.Key] = r.Value
	}
	site := images[0].Position
	want := map[SiteID]Unused{site.SiteID(): {Position: site, Duplicates: 2, Path: images[5].Path}}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("unused (-want +got):\n%s", diff)
	}
}

// A channel that the experiment does not have makes no site complete, and is told of.
func TestUnknownChannel(t *testing.T) {
	t.Parallel()
	images := smallPlates(t, "e1")[:6]
	b := newBench(t)
	b.metadata("e1", small)
	b.images(images[:5])
	seventh := images[5]
	seventh.Channel = 7
	b.image(seventh)
	b.work()
	if len(b.sites) > 0 {
		t.Errorf("complete with channel 7 in place of 6: %v", b.sites)
	}
	b.image(images[5])
	b.work()
	if len(b.sites) != 1 {
		t.Errorf("%d sites, want 1", len(b.sites))
	}
	want := Unused{Position: images[0].Position, Channels: []int{7}}
	if diff := cmp.Diff(want, b.unused[len(b.unused)-1].Value); diff != "" {
		t.Errorf("unused (-want +got):\n%s", diff)
	}
}

// A microscope may number its channels as it likes.
func TestNumberedChannels(t *testing.T) {
	t.Parallel()
	images := smallPlates(t, "e1")[:6]
	b := newBench(t)
	b.metadata("e1", Experiment{Channels: 2, Numbers: []int{4, 2}, SitesPerWell: 1, WellsPerPlate: 1})
	b.image(images[3])
	b.image(images[1])
	b.work()
	if len(b.sites) != 1 {
		t.Fatalf("%d sites, want 1", len(b.sites))
	}
	if diff := cmp.Diff([]string{images[1].Path, images[3].Path}, b.sites[0].Value.Paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

// Events that cannot be used are left out and say where they are and what to do; the rest goes on.
func TestUnusableEvents(t *testing.T) {
	t.Parallel()
	good := smallPlates(t, "e1")[0]
	with := func(change func(*Image)) func(*bench) {
		i := good
		change(&i)
		return func(b *bench) { b.image(i) }
	}
	for _, c := range []struct {
		name string
		send func(*bench)
		want []string
	}{
		{"no file", with(func(i *Image) { i.Path += ".gone" }), []string{"no such file", "publish its event again"}},
		{"empty file", with(func(i *Image) { i.Path = write(t, nil) }), []string{"not a TIFF"}},
		{"not an image", with(func(i *Image) { i.Path = write(t, []byte("Dear diary,")) }), []string{"not a TIFF", "image e1/p1/B02/1/1"}},
		{"truncated", with(func(i *Image) { i.Path = write(t, truncated(t, good.Path)) }), []string{"truncated"}},
		{"channel 0", with(func(i *Image) { i.Channel = 0 }), []string{"unknown channel 0", "count from 1"}},
		{"channel 33", with(func(i *Image) { i.Channel = 33 }), []string{"unknown channel 33"}},
		{"no plate", with(func(i *Image) { i.Plate = "" }), []string{"give each a name"}},
		{"slash", with(func(i *Image) { i.Well = "B/02" }), []string{"without slashes"}},
		{"site 0", with(func(i *Image) { i.Site = 0 }), []string{"sites count from 1"}},
		{"null key", func(b *bench) { b.Input(b.topics.Images).PipeNullKey(good, start) }, []string{"no key", "publish"}},
		{"null value", func(b *bench) { b.Input(b.topics.Images).PipeNull(good.ImageID(), start) }, []string{"no value"}},
		{"garbage", func(b *bench) { b.PipeBytes(b.topics.Images.Name, []byte("k"), []byte{0xc1}, start) }, []string{"decode"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.t = t
			c.send(b)
			b.image(good)
			if n := len(b.Output(b.topics.Metrics).ReadAll()); n != 1 {
				t.Errorf("%d images measured, want the good one", n)
			}
			skips := b.Skips()
			if len(skips) != 1 || b.Dropped() != 1 {
				t.Fatalf("%d dropped, want 1: %q", b.Dropped(), skips)
			}
			for _, want := range append(c.want, "topic images_channels, partition", "offset") {
				if !strings.Contains(skips[0], want) {
					t.Errorf("%q does not say %q", skips[0], want)
				}
			}
		})
	}
}

func TestLaterRunIsOfItsOwn(t *testing.T) {
	t.Parallel()
	images := smallPlates(t, "e1")
	b := newBench(t)
	b.metadata("e1", small)
	for range 2 {
		b.images(images)
		b.work()
		b.now += 2 * (gap + grace).Milliseconds()
	}
	got := []int{len(b.sites), len(b.wells), len(b.plates), len(b.unused)}
	if diff := cmp.Diff([]int{12, 6, 2, 0}, got); diff != "" {
		t.Errorf("sites, wells, plates, unused of two runs (-want +got):\n%s", diff)
	}
	keys := func(r stream.Record[PlateID, PlateFeatures]) int { return len(r.Value.Wells) }
	for _, plate := range b.plates {
		if keys(plate) != 3 {
			t.Errorf("plate with %d wells, want 3", keys(plate))
		}
	}
}
