package plate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/examples/imagepipeline/internal/cells"
)

func imageXpressName(prefix string, n ImageName) string {
	return fmt.Sprintf("%s_%s_s%d_w%d.tif", prefix, n.Well, n.Site, n.Channel)
}

// tree makes empty files; a path that ends in a slash is a folder.
func tree(t *testing.T, paths ...string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "data")
	for _, path := range append(paths, "./") {
		full := filepath.Join(root, path)
		if !strings.HasSuffix(path, "/") {
			if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(full, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		} else if err := os.MkdirAll(full, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// found lists a survey's images as experiment/plate well.site.channel.
func found(s *Survey) []string {
	var all []string
	for _, i := range s.Images {
		all = append(all, fmt.Sprintf("%s/%s %s.%d.%d", i.Experiment, i.Plate, i.Well, i.Site, i.Channel))
	}
	return all
}

func skipped(root string, s *Survey) []string {
	var all []string
	for _, skip := range s.Skipped {
		rel, _ := filepath.Rel(root, skip.Path)
		all = append(all, rel+": "+string(skip.Reason))
	}
	return all
}

func TestWalk(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		files   []string
		below   string // the folder given, below the root
		opts    Options
		want    []string
		skipped []string
		counts  map[Reason]int
	}{
		{
			name:  "plates of two experiments",
			files: []string{"e1/p1/x_B02_s1_w1.tif", "e1/p2/x_B02_s1_w1.tif", "e2/p1/x_B03_s2_w3.tif"},
			want:  []string{"e1/p1 B02.1.1", "e1/p2 B02.1.1", "e2/p1 B03.2.3"},
		},
		{
			name:  "the plate's own folder",
			files: []string{"e1/p1/x_B02_s1_w1.tif"}, below: "e1/p1",
			want: []string{"e1/p1 B02.1.1"},
		},
		{
			name:  "names from options",
			files: []string{"p1/x_B02_s1_w1.tif"}, opts: Options{Experiment: "E", Plate: "P"},
			want: []string{"E/P B02.1.1"},
		},
		{
			name:  "one plate in several folders, joined by option",
			files: []string{"row-b/x_B02_s1_w1.tif", "row-c/x_C02_s1_w1.tif"}, opts: Options{Plate: "P"},
			want: []string{"data/P B02.1.1", "data/P C02.1.1"},
		},
		{
			name:    "thumbnails, vendors' files, hidden files, unknown names, empty folders",
			files:   []string{"p/x_B02_s1_w1.tif", "p/x_B02_s1_w1_thumb.tif", "p/x.HTD", "p/._x_B02_s1_w1.tif", ".git/x_B02_s1_w1.tif", "p/overview.tif", "q/"},
			want:    []string{"data/p B02.1.1"},
			skipped: []string{"p/overview.tif: unknown name", "q: empty folder"},
			counts:  map[Reason]int{Thumbnail: 1, OtherFile: 3, BadName: 1, Empty: 1},
		},
		{
			name: "an Opera Phenix measurement: other planes and time points, numbers out of order",
			files: []string{
				"e/BR1__2021-Measurement1/Images/r02c03f01p01-ch1sk10fk1fl1.tiff",
				"e/BR1__2021-Measurement1/Images/r02c03f01p01-ch1sk2fk1fl1.tiff",
				"e/BR1__2021-Measurement1/Images/r02c03f01p02-ch1sk2fk1fl1.tiff",
				"e/BR1__2021-Measurement1/Images/r02c03f01p01-ch2sk2fk1fl1.tiff",
				"e/BR1__2021-Measurement1/Images/Index.idx.xml",
			},
			want: []string{"e/BR1__2021-Measurement1 B03.1.1", "e/BR1__2021-Measurement1 B03.1.2"},
			skipped: []string{
				"e/BR1__2021-Measurement1/Images/r02c03f01p01-ch1sk10fk1fl1.tiff: another plane or time point",
				"e/BR1__2021-Measurement1/Images/r02c03f01p02-ch1sk2fk1fl1.tiff: another plane or time point",
			},
			counts: map[Reason]int{OtherPlane: 2, OtherFile: 1},
		},
		{
			name: "MetaXpress: a date folder, planes of a stack, time points",
			files: []string{
				"Mix/2023-02-21/1334/Mix_E07_s1_w1.tif", "Mix/2023-02-21/1334/ZStep_1/Mix_E07_s1_w1.tif",
				"Mix/2023-02-22/1335/TimePoint_1/Mix_E07_s1_w1.tif", "Mix/2023-02-22/1335/TimePoint_2/Mix_E07_s1_w1.tif",
			},
			want:    []string{"Mix/1334 E07.1.1", "Mix/1335_TimePoint_1 E07.1.1", "Mix/1335_TimePoint_2 E07.1.1"},
			skipped: []string{"Mix/2023-02-21/1334/ZStep_1: another plane or time point"},
			counts:  map[Reason]int{OtherPlane: 1},
		},
		{
			name:  "one plane of a stack on request",
			files: []string{"1334/ZStep_1/Mix_E07_s1_w1.tif"}, below: "1334/ZStep_1",
			want: []string{"1334/ZStep_1 E07.1.1"},
		},
		{
			name:    "the same image twice",
			files:   []string{"p/a_B02_s1_w1.tif", "p/b_B02_s1_w1.tif"},
			want:    []string{"data/p B02.1.1"},
			skipped: []string{"p/b_B02_s1_w1.tif: duplicate image"},
			counts:  map[Reason]int{Duplicate: 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root := tree(t, tt.files...)
			s, err := Walk(filepath.Join(root, tt.below), tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, found(s)); diff != "" {
				t.Errorf("images (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.skipped, skipped(root, s)); diff != "" {
				t.Errorf("skipped (-want +got):\n%s", diff)
			}
			if tt.counts == nil {
				tt.counts = map[Reason]int{}
			}
			if diff := cmp.Diff(tt.counts, s.Counts); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWalkErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		files []string
		below string
		opts  Options
		is    error
		says  string // ROOT stands for the folder
	}{
		{"no such folder", nil, "none", Options{}, fs.ErrNotExist, "plate: stat ROOT/none: no such file or directory: give a folder of images"},
		{"a file", []string{"f.tif"}, "f.tif", Options{}, nil, "plate: ROOT/f.tif is a file: give the folder that holds it"},
		{"an empty folder", nil, "", Options{}, ErrNoImages, "plate: no images in ROOT: .: empty folder: nothing was copied here, or it can be removed"},
		{"other files only", []string{"a/notes.txt"}, "", Options{}, ErrNoImages, "plate: no images in ROOT: it has no .tif or .tiff files: give the folder of a plate, of an experiment or of several"},
		{"thumbnails only", []string{"x_B02_s1_w1_thumb.tif"}, "", Options{}, ErrNoImages, "plate: no images in ROOT: it has only thumbnails (1): copy the full images too"},
		{"unknown names only", []string{"a.tif"}, "", Options{}, ErrNoImages, `plate: no images in ROOT: a.tif: unknown name: plate: "a.tif": not a known image name: expected NAME_B02_s1_w1.tif (ImageXpress) or r02c02f01p01-ch1sk1fk1fl1.tiff (Opera Phenix)`},
		{
			"two plates of one name",
			[]string{"a/p/x_B02_s1_w1.tif", "b/p/x_B02_s1_w1.tif"},
			"",
			Options{Experiment: "E"},
			nil,
			`plate: ROOT/a/p and ROOT/b/p both hold well B02, site 1, channel 1 of plate "p" of experiment "E": give one of the folders alone, or tell them apart with -experiment and -plate`,
		},
		{"a negative expectation", nil, "", Options{SitesPerWell: -4}, nil, "plate: -4 channels, sites or wells cannot be expected: give a positive number, or 0 to count the images"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root := tree(t, tt.files...)
			s, err := Walk(filepath.Join(root, tt.below), tt.opts)
			if err == nil || s == nil {
				t.Fatalf("got %v, %v", s, err)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got %v, want %v", err, tt.is)
			}
			if want := strings.ReplaceAll(tt.says, "ROOT", root); err.Error() != want {
				t.Errorf("got  %q\nwant %q", err, want)
			}
		})
	}
}

func TestWalkFollowsLinksToFilesOnly(t *testing.T) {
	t.Parallel()
	root := tree(t, "p/x_B02_s1_w1.tif", "links/")
	for link, to := range map[string]string{
		"links/x_B03_s1_w1.tif": "p/x_B02_s1_w1.tif", "links/loop": ".", "links/x_B04_s1_w1.tif": "gone", "links/x_B05_s1_w1.tif": "p",
	} {
		if err := os.Symlink(filepath.Join(root, to), filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Walk(root, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"data/links B03.1.1", "data/p B02.1.1"}, found(s)); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
	want := []string{"links/loop: link", "links/x_B04_s1_w1.tif: link", "links/x_B05_s1_w1.tif: link"}
	if diff := cmp.Diff(want, skipped(root, s)); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
}

// A folder that cannot be read is reported, and the rest is still surveyed.
func TestUnreadableFolder(t *testing.T) {
	t.Parallel()
	root := tree(t, "p/x_B02_s1_w1.tif")
	w := walker{survey: &Survey{Counts: map[Reason]int{}}, seen: map[key]int{}}
	for _, dir := range []string{"gone", "p"} {
		if err := w.folder(filepath.Join(root, dir)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"gone: unreadable"}, skipped(root, w.survey)); diff != "" || len(w.survey.Images) != 1 {
		t.Errorf("%d images; skipped (-want +got):\n%s", len(w.survey.Images), diff)
	}
}

func TestImagesWithoutFoldersAboveNeedNames(t *testing.T) {
	t.Parallel()
	for dir, want := range map[string]string{"/": "named", "/data": "named", "/data/p": ""} {
		_, _, err := origin(dir, Options{})
		if (err != nil) != (want != "") {
			t.Errorf("%s: %v", dir, err)
		}
	}
	experiment, plate, err := origin("/", Options{Experiment: "E", Plate: "P"})
	if experiment != "E" || plate != "P" || err != nil {
		t.Errorf("got %q, %q, %v", experiment, plate, err)
	}
}

func TestExpectations(t *testing.T) {
	t.Parallel()
	var files []string
	for _, plate := range []string{"e1/p1", "e1/p2", "e2/p1"} {
		for _, well := range []string{"B02", "B03", "C02"} {
			for site := 1; site <= 2; site++ {
				for channel := 1; channel <= 3; channel++ {
					name := plate + "/" + imageXpressName("x", ImageName{Well: well, Site: site, Channel: channel})
					switch {
					case plate == "e1/p1" && well == "B02" && site == 1 && channel == 2: // a lost image
					case plate == "e1/p2" && well == "C02": // a lost well
					case plate == "e2/p1" && site == 2: // a smaller experiment
					default:
						files = append(files, name)
					}
				}
			}
		}
	}
	root := tree(t, files...)
	s, err := Walk(root, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Experiment{
		{Name: "e1", Plates: []string{"p1", "p2"}, ChannelsPerSite: 3, SitesPerWell: 2, WellsPerPlate: 3},
		{Name: "e2", Plates: []string{"p1"}, ChannelsPerSite: 3, SitesPerWell: 1, WellsPerPlate: 3},
	}
	if diff := cmp.Diff(want, s.Experiments); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
	s, err = Walk(filepath.Join(root, "e2"), Options{ChannelsPerSite: 6, SitesPerWell: 4, WellsPerPlate: 308})
	if err != nil {
		t.Fatal(err)
	}
	want = []Experiment{{Name: "e2", Plates: []string{"p1"}, ChannelsPerSite: 6, SitesPerWell: 4, WellsPerPlate: 308}}
	if diff := cmp.Diff(want, s.Experiments); diff != "" {
		t.Errorf("given (-want +got):\n%s", diff)
	}
}

func TestWalkRealPlates(t *testing.T) {
	t.Parallel()
	s, err := Walk(filepath.Join(cells.Dir(t), "images"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Experiment{{
		Name: "images", Plates: []string{"imagexpress_Projection-Mix", "site_BR00143976_C03_s3"},
		ChannelsPerSite: 6, SitesPerWell: 2, WellsPerPlate: 2,
	}}
	if diff := cmp.Diff(want, s.Experiments); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	counts := map[Reason]int{Thumbnail: 12, OtherFile: 1, BadName: 3}
	if diff := cmp.Diff(counts, s.Counts); diff != "" || len(s.Images) != 18 {
		t.Errorf("%d images; counts (-want +got):\n%s", len(s.Images), diff)
	}
}
