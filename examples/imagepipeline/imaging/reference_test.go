package imaging

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/examples/imagepipeline/internal/cells"
)

// reference is what we use of reference.json.
type reference struct {
	Sites map[string]struct {
		Images map[string]refImage `json:"images"`
		Pairs  map[string]struct{ Pearson float64 }
	} `json:"images_and_sites"`
	MiniPlates map[string]struct {
		SiteToWell map[string][]string           `json:"site_to_well"`
		Sites      map[string]map[string]float64 `json:"sites"`
		Wells      map[string]map[string]float64 `json:"wells"`
	} `json:"mini_plates"`
}

type refImage struct {
	File   string
	Height int
	Width  int
	Dtype  string
	Pixels string `json:"pixels_sha256_le"`

	IntSum    uint64  `json:"int_sum"`
	IntSumSq  uint64  `json:"int_sumsq"`
	IntMin    int     `json:"int_min"`
	IntMax    int     `json:"int_max"`
	IntMedian float64 `json:"int_median"`
	IntMAD    float64 `json:"int_mad"`
	IntP25    float64 `json:"int_p25"`
	IntP75    float64 `json:"int_p75"`

	Metrics
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
	if len(ref.Sites) == 0 {
		t.Fatal("reference.json holds no sites")
	}
	return dir, ref
}

// The reference's tolerance: 1e-9 of the value for floats, and none for
// integers and percentages.
var withinReference = cmp.Options{
	cmp.FilterPath(func(p cmp.Path) bool {
		return !strings.Contains(p.String(), "Percent")
	}, cmp.Comparer(near)),
}

func near(a, b float64) bool {
	return a == b || math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b))
}

// littleEndian is the hash of the pixels as the reference has it.
func littleEndian(m *Image) string {
	raw := make([]byte, 0, 2*len(m.Pix))
	for _, v := range m.Pix {
		raw = append(raw, byte(v))
		if m.Bits == 16 {
			raw = append(raw, byte(v>>8))
		}
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

func TestRealImagesAgreeWithTheReference(t *testing.T) {
	t.Parallel()
	dir, ref := readReference(t)
	for name, site := range ref.Sites {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			images := map[string]*Image{}
			for channel, want := range site.Images {
				img, err := Read(filepath.Join(dir, want.File))
				if err != nil {
					t.Fatal(err)
				}
				images[channel] = img
				compareImage(t, channel, img, want)
			}
			for pair, want := range site.Pairs {
				a, b, _ := strings.Cut(pair, "|")
				got, err := Pearson(images[a], images[b])
				if err != nil {
					t.Fatal(err)
				}
				if !near(got, want.Pearson) {
					t.Errorf("Pearson of %s: got %v, want %v", pair, got, want.Pearson)
				}
			}
		})
	}
}

func compareImage(t *testing.T, channel string, img *Image, want refImage) {
	t.Helper()
	if got := littleEndian(img); got != want.Pixels {
		t.Errorf("%s: pixels hash to %s, want %s", channel, got, want.Pixels)
	}
	bits := map[string]int{"uint8": 8, "uint16": 16}[want.Dtype]
	if img.Width != want.Width || img.Height != want.Height || img.Bits != bits {
		t.Errorf("%s: got %d x %d at %d bits, want %d x %d at %d", channel, img.Width, img.Height, img.Bits, want.Width, want.Height, bits)
	}
	s := summarise(count(img.Pix))
	got := refImage{
		IntSum: s.sum, IntSumSq: s.squares, IntMin: s.min, IntMax: s.max,
		IntMedian: s.median, IntMAD: s.mad, IntP25: s.p25, IntP75: s.p75,
	}
	exact := refImage{
		IntSum: want.IntSum, IntSumSq: want.IntSumSq, IntMin: want.IntMin, IntMax: want.IntMax,
		IntMedian: want.IntMedian, IntMAD: want.IntMAD, IntP25: want.IntP25, IntP75: want.IntP75,
	}
	if diff := cmp.Diff(exact, got); diff != "" {
		t.Errorf("%s: integers (-want +got):\n%s", channel, diff)
	}
	if diff := cmp.Diff(want.Metrics, Measure(img), withinReference); diff != "" {
		t.Errorf("%s: metrics (-want +got):\n%s", channel, diff)
	}
}

// The wells of the real mini plate are the medians of their sites.
func TestRealWellsAgreeWithTheReference(t *testing.T) {
	t.Parallel()
	_, ref := readReference(t)
	compared := 0
	for name, plate := range ref.MiniPlates {
		for well, features := range plate.Wells {
			for feature, want := range features {
				var values []float64
				for _, site := range plate.SiteToWell[well] {
					values = append(values, plate.Sites[site][feature])
				}
				if got := Median(values); !near(got, want) {
					t.Errorf("%s %s %s: got %v, want %v", name, well, feature, got, want)
				}
				compared++
			}
		}
	}
	if compared == 0 {
		t.Error("reference.json holds no wells")
	}
}
