package synthetic

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/examples/imagepipeline/imaging"
	"github.com/millrace-go/millrace/examples/imagepipeline/plate"
)

// files are the contents of all files below dir, by their path below it.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		all[rel], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWriteTwoFullPlates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	made, err := Write(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	folders := []string{filepath.Join(dir, "experiment-1", "plate-1"), filepath.Join(dir, "experiment-2", "plate-2")}
	if diff := cmp.Diff(Made{Folders: folders, Images: 14784}, made); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	survey, err := plate.Walk(dir, plate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []plate.Experiment{
		{Name: "experiment-1", Plates: []string{"plate-1"}, ChannelsPerSite: 6, SitesPerWell: 4, WellsPerPlate: 308},
		{Name: "experiment-2", Plates: []string{"plate-2"}, ChannelsPerSite: 6, SitesPerWell: 4, WellsPerPlate: 308},
	}
	if diff := cmp.Diff(want, survey.Experiments); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(survey.Images) != 14784 || len(survey.Counts) != 0 {
		t.Errorf("%d images found, skipped %v", len(survey.Images), survey.Counts)
	}
	for _, img := range survey.Images {
		if img.Row < 2 || img.Row > 15 || img.Col < 2 || img.Col > 23 {
			t.Fatalf("%s is on the plate's outer ring", img.Path)
		}
	}
	read, err := imaging.Read(survey.Images[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	if read.Width != 24 || read.Height != 24 || read.Bits != 16 {
		t.Errorf("%d x %d pixels of %d bits", read.Width, read.Height, read.Bits)
	}
}

func TestSameSeedSameFiles(t *testing.T) {
	t.Parallel()
	first, again, other := t.TempDir(), t.TempDir(), t.TempDir()
	for dir, seed := range map[string]uint64{first: 1, again: 1, other: 2} {
		if _, err := Write(t.Context(), dir, Options{Seed: seed, Wells: []string{"B02", "G11"}, Sites: 2}); err != nil {
			t.Fatal(err)
		}
	}
	one := files(t, first)
	if diff := cmp.Diff(one, files(t, again)); diff != "" {
		t.Errorf("one seed, two results:\n%s", diff)
	}
	two := files(t, other)
	for name, data := range one {
		if found, ok := two[name]; !ok || bytes.Equal(found, data) {
			t.Fatalf("another seed: %s is there: %v, and equal: %v", name, ok, bytes.Equal(found, data))
		}
	}
	if len(one) != 2*2*2*6 || len(two) != len(one) {
		t.Errorf("%d and %d files", len(one), len(two))
	}
}

// What is left out is left out of the second run too, also where an earlier one
// had written it; nothing else changes.
func TestMissing(t *testing.T) {
	t.Parallel()
	dir, opts := t.TempDir(), Options{Wells: []string{"B02", "b3", "C02"}, Sites: 3, Plates: []Plate{{"e", "p"}}}
	if _, err := Write(t.Context(), dir, opts); err != nil {
		t.Fatal(err)
	}
	whole := files(t, dir)
	opts.Missing = 5
	for range 2 {
		made, err := Write(t.Context(), dir, opts)
		if err != nil {
			t.Fatal(err)
		}
		if made.Images != 3*3*6-5 || len(made.Missing) != 5 {
			t.Errorf("%d images, missing %v", made.Images, made.Missing)
		}
		left := files(t, dir)
		for _, path := range made.Missing {
			rel, _ := filepath.Rel(dir, path)
			if left[rel] != nil || whole[rel] == nil {
				t.Errorf("%s should be the one that is gone", rel)
			}
			left[rel] = whole[rel]
		}
		if diff := cmp.Diff(whole, left); diff != "" {
			t.Errorf("the rest changed:\n%s", diff)
		}
	}
	opts.Missing = 54
	if made, err := Write(t.Context(), dir, opts); err != nil || made.Images != 0 || len(files(t, dir)) != 0 {
		t.Errorf("all missing: %d images, %v", made.Images, err)
	}
}

// A heat map must have something to show: fewer cells at the higher doses.
func TestDoseThinsOutTheCells(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Write(t.Context(), dir, Options{Plates: []Plate{{"e", "p"}}, Sites: 2}); err != nil {
		t.Fatal(err)
	}
	survey, err := plate.Walk(dir, plate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var sum [25][7]float64
	for _, img := range survey.Images {
		read, err := imaging.Read(img.Path)
		if err != nil {
			t.Fatal(err)
		}
		m := imaging.Measure(read)
		sum[img.Col][img.Channel] += m.MeanIntensity / (14 * 2)
		if m.PercentSaturated > 1 || m.MinIntensity == 0 || m.StdIntensity == 0 {
			t.Errorf("%s is no photograph: %+v", img.Path, m)
		}
	}
	for channel := 1; channel <= 6; channel++ {
		if low, high := sum[2][channel], sum[23][channel]; high > 0.75*low {
			t.Errorf("%s: mean intensity %.4f without drug and %.4f at the highest dose", Stains[channel-1], low, high)
		}
	}
}

func TestTIFFOfOddSizes(t *testing.T) {
	t.Parallel()
	for _, want := range []*imaging.Image{
		{Width: 3, Height: 1, Bits: 16, Pix: []uint16{0, 256, 65535}},
		{Width: 1, Height: 2, Bits: 16, Pix: []uint16{1, 2}},
	} {
		file := appendTIFF(nil, want.Width, want.Height, want.Pix)
		got, err := imaging.Decode(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		opts Options
		want []string
	}{
		{Options{Plates: []Plate{{"../e", "p"}}}, []string{`synthetic: experiment "../e", plate "p": give names that can be folders`}},
		{Options{Plates: []Plate{{"e", ""}}}, []string{`synthetic: experiment "e", plate "": give names that can be folders`}},
		{Options{Plates: []Plate{{"e", "a/b"}}}, []string{`synthetic: experiment "e", plate "a/b": give names that can be folders`}},
		{Options{Plates: []Plate{{"e", "."}}}, []string{`synthetic: experiment "e", plate ".": give names that can be folders`}},
		{Options{Plates: []Plate{{"e", "p"}, {"e", "p"}}}, []string{`synthetic: experiment "e", plate "p" is listed twice: give each plate its own name`}},
		{Options{Wells: []string{"B02", "Q99", "b2"}}, []string{
			`synthetic: plate: no well is named "Q99": wells are A01 to AF48`,
			`synthetic: well B02 is listed twice: list each well once`,
		}},
		{Options{Sites: -1, Size: 3, Missing: -1}, []string{
			"synthetic: -1 sites: give 1 to 9999",
			"synthetic: images of 3 pixels a side: give 8 to 2160",
			"synthetic: -1 images missing: give 0 to the 0 of a plate",
		}},
		{Options{Missing: 7393}, []string{"synthetic: 7393 images missing: give 0 to the 7392 of a plate"}},
	} {
		dir := filepath.Join(t.TempDir(), "none")
		_, err := Write(t.Context(), dir, tt.opts)
		if err == nil {
			t.Errorf("%+v: no error", tt.opts)
			continue
		}
		if diff := cmp.Diff(tt.want, strings.Split(err.Error(), "\n")); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.opts, diff)
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%+v: something was written: %v", tt.opts, err)
		}
	}
}

func TestWriteStops(t *testing.T) {
	t.Parallel()
	ended, end := context.WithCancel(t.Context())
	end()
	if made, err := Write(ended, t.TempDir(), Options{}); !errors.Is(err, context.Canceled) || made.Images != 0 {
		t.Errorf("ended: %+v, %v", made, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), file, Options{}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file for a folder: %v", err)
	}
	// A folder where an image should be: writing it fails.
	dir, opts := t.TempDir(), Options{Wells: []string{"B02"}, Sites: 1, Plates: []Plate{{"e", "p"}}}
	if _, err := Write(t.Context(), dir, opts); err != nil {
		t.Fatal(err)
	}
	for name := range files(t, dir) {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Write(t.Context(), dir, opts); err == nil || !strings.Contains(err.Error(), "p_B02_s1_w") {
		t.Errorf("an image that cannot be written: %v", err)
	}
}

// Two plates, as the demonstration makes them.
func BenchmarkWrite(b *testing.B) {
	dir := b.TempDir()
	images := 0
	for b.Loop() {
		made, err := Write(b.Context(), dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		images += made.Images
	}
	b.ReportMetric(float64(images)/b.Elapsed().Seconds(), "images/s")
}
