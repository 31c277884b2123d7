package plate

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/examples/imagepipeline/internal/cells"
)

func TestParseName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		want ImageName
	}{
		{"Projection-Mix_E07_s1_w1E94C24BD-45E4-450A-9919-257C714278F7.tif", ImageName{"E07", 5, 7, 1, 1, 1, 1}},
		// The GUID's first digits are not the channel's.
		{"Projection-Mix_E08_s2_w117654C10-92F1-4DFD-98AA-6A01BBD77557.tif", ImageName{"E08", 5, 8, 2, 1, 1, 1}},
		{"Plate_B02_s10_w1281928711-999D-41F6-B88C-999513D4C092.TIF", ImageName{"B02", 2, 2, 10, 12, 1, 1}},
		{"my_plate_A01_P24_s4_w6.tif", ImageName{"P24", 16, 24, 4, 6, 1, 1}},
		{"_AF48_s1_w1.tiff", ImageName{"AF48", 32, 48, 1, 1, 1, 1}},
		{"plate_b02_S3_W4.tif", ImageName{"B02", 2, 2, 3, 4, 1, 1}},
		{"one-site_C03_w2.tif", ImageName{"C03", 3, 3, 1, 2, 1, 1}},
		{"one-channel_C03_s2B14915F6-0679-4494-82D1-F80894B32A66.tif", ImageName{"C03", 3, 3, 2, 1, 1, 1}},
		{"exp126-d0_C03A6B0784C-19ED-4F35-9E6A-0A306794BB11.tif", ImageName{"C03", 3, 3, 1, 1, 1, 1}},
		{"s10_w10_A01_s10_w10.tif", ImageName{"A01", 1, 1, 10, 10, 1, 1}},
		{"r03c03f03p01-ch1sk1fk1fl1.tiff", ImageName{"C03", 3, 3, 3, 1, 1, 1}},
		{"r16c24f009p012-ch10sk2fk1fl1.tiff", ImageName{"P24", 16, 24, 9, 10, 12, 2}},
		{"R32C48F01P01-CH1SK1FK1FL1.TIFF", ImageName{"AF48", 32, 48, 1, 1, 1, 1}},
	} {
		got, err := ParseName(tt.name)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestParseBadName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		is   error
		says string
	}{
		{"Projection-Mix_E07_s1_w1_thumb4BFD4018-E675-475E-B5AB-2E959E6B6DA1.tif", ErrThumbnail, "vendor thumbnail"},
		{"exp126-d0_C03_thumbA6B0784C-19ED-4F35-9E6A-0A306794BB11.tif", ErrThumbnail, "vendor thumbnail"},
		{"Plate_E07_s1_w1_thumb.tif", ErrThumbnail, "vendor thumbnail"},
		{"", ErrName, "expected NAME_B02_s1_w1.tif"},
		{"notes.txt", ErrName, "expected"},
		{"AS_09125_050116030001_D03f00d0.tif", ErrName, "expected"},
		{"CV8000-Minimal_D08_T0001F001L01A01Z01C01.tif", ErrName, "expected"},
		{"overview_B02.tif", ErrName, "expected"},
		{"Plate_E07_s1_w1.png", ErrName, "expected"},
		{"Plate_E07_s1_w1.tif.part", ErrName, "expected"},
		{"Plate_E07_s1_w1E94C24BD-45E4.tif", ErrName, "expected"},
		{"Plate_E7_s1_w1.tif", ErrName, "expected"},
		{"Plate_s1_w1.tif", ErrName, "expected"},
		{"Plate_E07_s1_w123.tif", ErrName, "expected"},
		{"Plate_E07_s99999999999999999999_w1.tif", ErrName, "expected"},
		{"Plate_E07_s0_w1.tif", ErrName, "count from 1"},
		{"Plate_E07_s1_w0.tif", ErrName, "count from 1"},
		{"Plate_E49_s1_w1.tif", ErrName, "wells are A01 to AF48"},
		{"Plate_ZZ01_s1_w1.tif", ErrName, "wells are A01 to AF48"},
		{"r00c01f01p01-ch1sk1fk1fl1.tiff", ErrName, "row 0, column 1"},
		{"r33c01f01p01-ch1sk1fk1fl1.tiff", ErrName, "row 33, column 1"},
		{"r01c01f01p01-ch0sk1fk1fl1.tiff", ErrName, "count from 1"},
		{"r01c01f01p01-ch1sk1.tiff", ErrName, "expected"},
		{"r1c1f1p1-ch1sk1fk1fl1.tiff", ErrName, "expected"},
		{"Plate_E07_s1_w1.tif\n", ErrName, "expected"},
	} {
		got, err := ParseName(tt.name)
		if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%q: got %v, want %v that says %q", tt.name, err, tt.is, tt.says)
		}
		if got != (ImageName{}) {
			t.Errorf("%q: got %+v with an error", tt.name, got)
		}
	}
}

// Every name of a real ImageXpress collection parses or is a thumbnail, and none
// of another vendor's does.
func TestRealNames(t *testing.T) {
	t.Parallel()
	f, err := os.Open(filepath.Join(cells.Dir(t), "meta", "imagexpress", "faim-ipa_all_paths.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got := map[string]int{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		path := lines.Text()
		name := path[strings.LastIndexByte(path, '/')+1:]
		n, err := ParseName(name)
		imageXpress := strings.Contains(path, "/ImageXpress/") && strings.HasSuffix(path, ".tif")
		switch {
		case !imageXpress && !errors.Is(err, ErrName):
			t.Errorf("%s is not an ImageXpress image: %+v, %v", path, n, err)
		case !imageXpress:
			got["other"]++
		case strings.Contains(name, "_thumb") != errors.Is(err, ErrThumbnail):
			t.Errorf("%s: %v", path, err)
		case err != nil && !errors.Is(err, ErrThumbnail):
			t.Errorf("%s: %v", path, err)
		case err != nil:
			got["thumbnail"]++
		case !strings.Contains(name, "_"+n.Well) || n.Site > 2 || n.Channel > 4:
			t.Errorf("%s: %+v", path, n)
		default:
			got["image"]++
		}
	}
	if got["image"] == 0 || got["thumbnail"] == 0 || got["other"] == 0 {
		t.Errorf("the list lacks a kind of name: %v", got)
	}
	t.Log(got)
}

// Whatever parses names a well of the plate and can be written back as a name
// that parses to the same.
func FuzzParseName(f *testing.F) {
	for _, seed := range []string{
		"Projection-Mix_E08_s2_w117654C10-92F1-4DFD-98AA-6A01BBD77557.tif",
		"Projection-Mix_E07_s1_w1_thumb4BFD4018-E675-475E-B5AB-2E959E6B6DA1.tif",
		"r03c03f03p01-ch1sk1fk1fl1.tiff", "x_AF48_s9999_w99.TIFF", "_b02_w1.tif", "x_ZZ99_s0_w0.tif", "r99c99f9999p999-ch99sk9999fk1fl1.tif",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		n, err := ParseName(name)
		if err != nil {
			if n != (ImageName{}) || errors.Is(err, ErrName) == errors.Is(err, ErrThumbnail) {
				t.Fatalf("%q: %+v, %v", name, n, err)
			}
			return
		}
		row, col, err := ParseWell(n.Well)
		if err != nil || row != n.Row || col != n.Col || !Format1536.Has(row, col) || n.Site < 1 || n.Channel < 1 {
			t.Fatalf("%q: %+v, %v", name, n, err)
		}
		again, err := ParseName(imageXpressName("p", n))
		n.Plane, n.Time = 1, 1
		if err != nil || again != n {
			t.Fatalf("%q: %+v, written and parsed again: %+v, %v", name, n, again, err)
		}
	})
}
