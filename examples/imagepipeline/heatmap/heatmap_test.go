package heatmap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/examples/imagepipeline/plate"
)

// sample has a well of each kind: B02 and B03 with values at the ends of the
// scale, B03 incomplete, B04 missing, all others not used.
var sample = Map{
	Title: "plate-1", Subtitle: "screen", Unit: "intensity",
	Values:     map[string]float64{"B02": 1, "B03": 3},
	Expected:   []string{"B02", "B03", "B04"},
	Incomplete: map[string]string{"B03": "3 of 4 sites"},
}

func drawSVG(t *testing.T, m Map) string {
	t.Helper()
	var b strings.Builder
	if err := SVG(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func drawPNG(t *testing.T, m Map) image.Image {
	t.Helper()
	var b bytes.Buffer
	if err := PNG(&b, m); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// elements counts an SVG's elements, and gathers the texts of titles and labels.
func elements(t *testing.T, svg string) (counts map[string]int, texts []string) {
	t.Helper()
	counts = map[string]int{}
	d := xml.NewDecoder(strings.NewReader(svg))
	for inside := ""; ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return counts, texts
		}
		if err != nil {
			t.Fatalf("not XML: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			inside = token.Name.Local
			counts[inside]++
		case xml.CharData:
			if inside == "title" || inside == "text" {
				texts = append(texts, string(token))
			}
		case xml.EndElement:
			inside = ""
		}
	}
}

func TestSVG(t *testing.T) {
	t.Parallel()
	svg := drawSVG(t, sample)
	counts, texts := elements(t, svg)
	// 384 titles of wells and one of the picture; a mark on the well and one in the key.
	if counts["title"] != 385 || counts["path"] != 2 || counts["svg"] != 1 {
		t.Errorf("%v", counts)
	}
	all := "\n" + strings.Join(texts, "\n") + "\n"
	for _, want := range []string{
		"plate-1", "screen", "intensity", "A", "P", "1", "24",
		"B02: 1", "B03: 3 (3 of 4 sites)", "B04: no value", "A01: not measured", "P24: not measured",
		"1.00", "1.50", "2.00", "2.50", "3.00",
		"2 measured", "1 incomplete", "1 missing", "381 not used",
	} {
		if !strings.Contains(all, "\n"+want+"\n") {
			t.Errorf("the picture does not say %q", want)
		}
	}
	if n := strings.Count(svg, `fill="url(#missing)"`); n != 2 {
		t.Errorf("%d hatched boxes, want the well and the key", n)
	}
	for _, fill := range []string{`fill="#440154"><title>B02`, `fill="#fde725"><title>B03`, `fill="#eef0f2"><title>A01`} {
		if !strings.Contains(svg, fill) {
			t.Errorf("no %s", fill)
		}
	}
}

// centre is the pixel in the middle of a well of a 384-well plate.
func centre(row, col int) image.Point {
	at := func(from float64, i int) int { return int((from + (float64(i)-0.5)*30) * zoom) }
	return image.Pt(at(left, col), at(top, row))
}

func TestPNG(t *testing.T) {
	t.Parallel()
	img := drawPNG(t, sample)
	at := func(p image.Point) color.RGBA { return color.RGBAModel.Convert(img.At(p.X, p.Y)).(color.RGBA) }
	for name, tt := range map[string]struct{ got, want color.RGBA }{
		"the lowest value":     {at(centre(2, 2)), shade(0)},
		"the highest value":    {at(centre(2, 3)), shade(1)},
		"a well not used":      {at(centre(1, 1)), grey},
		"the last well":        {at(centre(16, 24)), grey},
		"between wells":        {at(centre(1, 1).Add(image.Pt(15*zoom, 0))), white},
		"the mark":             {at(centre(2, 3).Add(image.Pt(12*zoom, -12*zoom))), white},
		"no mark on the other": {at(centre(2, 2).Add(image.Pt(12*zoom, -12*zoom))), shade(0)},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %v, want %v", name, tt.got, tt.want)
		}
	}
	// A hatched well has both its colours.
	seen := map[color.RGBA]int{}
	for d := -10; d <= 10; d++ {
		seen[at(centre(2, 4).Add(image.Pt(d, 0)))]++
	}
	if len(seen) != 2 || seen[white] == 0 || seen[hatched] == 0 {
		t.Errorf("a missing well has the colours %v", seen)
	}
	// The title is written, and nothing runs over the edge.
	if dark(img, image.Rect(left*zoom, 0, 400, 40*zoom)) == 0 {
		t.Error("no title")
	}
	b := img.Bounds()
	if n := dark(img, image.Rect(b.Max.X-4, 0, b.Max.X, b.Max.Y)); n != 0 {
		t.Errorf("%d pixels at the right edge", n)
	}
}

// dark counts the pixels of a part that are not white.
func dark(img image.Image, part image.Rectangle) (n int) {
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			if r, g, b, _ := img.At(x, y).RGBA(); r+g+b < 3*0xffff {
				n++
			}
		}
	}
	return n
}

// Every map that can be drawn is drawn in both formats, in the same size.
func TestOddMaps(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]Map{
		"nothing":          {},
		"one value":        {Values: map[string]float64{"C03": 5}},
		"equal values":     {Values: map[string]float64{"A01": 0, "A02": 0}},
		"1,536 wells":      {Values: map[string]float64{"A01": 1, "AF48": 2}},
		"a tiny plate":     {Format: plate.Format{Rows: 1, Cols: 1}, Values: map[string]float64{"A01": 1}},
		"huge values":      {Values: map[string]float64{"A01": -math.MaxFloat64 / 2, "A02": math.MaxFloat64 / 3}},
		"tiny values":      {Values: map[string]float64{"A01": 0, "A02": math.SmallestNonzeroFloat64}},
		"incomplete, none": {Incomplete: map[string]string{"B02": ""}},
		"a folder's name":  {Title: `a <b> & "c" ` + "\x00\x1b\xff" + ` ]]>`, Subtitle: "\u65e5\u672c", Unit: "µm²"},
		"long texts":       {Title: strings.Repeat("x", 1000), Subtitle: strings.Repeat("ä", 1000), Unit: strings.Repeat("u", 1000), Values: map[string]float64{"A01": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			counts, _ := elements(t, drawSVG(t, m))
			img, err := raster(m)
			if err != nil {
				t.Fatal(err)
			}
			g, err := m.check()
			if err != nil {
				t.Fatal(err)
			}
			if want := g.Format.Rows*g.Format.Cols + 1; counts["title"] != want {
				t.Errorf("%d titles, want %d", counts["title"], want)
			}
			width, height := g.size()
			if img.Bounds() != image.Rect(0, 0, int(width)*zoom, int(height)*zoom) {
				t.Errorf("%v for %v x %v", img.Bounds(), width, height)
			}
			if n := dark(img, image.Rect(img.Bounds().Max.X-4, 0, img.Bounds().Max.X, img.Bounds().Max.Y)); n != 0 {
				t.Errorf("%d pixels at the right edge", n)
			}
		})
	}
}

func TestClippedScale(t *testing.T) {
	t.Parallel()
	m := Map{Values: map[string]float64{"A01": -9, "A02": 0, "A03": 2}, Min: -3, Max: 3}
	svg := drawSVG(t, m)
	for _, want := range []string{">≤ -3.00<", ">3.00<", `fill="#440154"><title>A01: -9<`} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s", want)
		}
	}
	m.Values["A04"] = 4
	if svg := drawSVG(t, m); !strings.Contains(svg, ">≥ 3.00<") {
		t.Error("the scale does not say that a value lies beyond")
	}
}

func TestBadMaps(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		m    Map
		want []string
	}{
		{Map{Values: map[string]float64{"B02": math.NaN(), "C02": math.Inf(1)}}, []string{
			"heatmap: the value of well B02 is NaN: leave it out to have it drawn as missing",
			"heatmap: the value of well C02 is +Inf: leave it out to have it drawn as missing",
		}},
		{Map{Values: map[string]float64{"ZZ9": 1}, Expected: []string{""}, Incomplete: map[string]string{"A99": ""}}, []string{
			`heatmap: plate: no well is named "ZZ9": wells are A01 to AF48`,
			`heatmap: plate: no well is named "": wells are A01 to AF48`,
			`heatmap: plate: no well is named "A99": wells are A01 to AF48`,
		}},
		{Map{Values: map[string]float64{"Q01": 1}, Format: plate.Format384}, []string{
			"heatmap: well Q01 is not on a plate of 384 wells (16 x 24): leave Format out to have it chosen",
		}},
		{Map{Format: plate.Format{Rows: 1 << 30, Cols: 1}}, []string{"heatmap: a plate of 1073741824 x 1 wells: give 1 x 1 to 32 x 48"}},
		{Map{Format: plate.Format{Rows: 16}}, []string{"heatmap: a plate of 16 x 0 wells: give 1 x 1 to 32 x 48"}},
		{Map{Min: 2, Max: 1}, []string{"heatmap: a scale from 2 to 1: give a smaller Min than Max, or neither"}},
		{Map{Max: math.NaN()}, []string{"heatmap: a scale from 0 to NaN: give a smaller Min than Max, or neither"}},
	} {
		for _, draw := range []func(io.Writer, Map) error{SVG, PNG} {
			var b bytes.Buffer
			err := draw(&b, tt.m)
			if err == nil || b.Len() != 0 {
				t.Errorf("%v: %v, and %d bytes written", tt.want, err, b.Len())
				continue
			}
			if diff := cmp.Diff(tt.want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 { // the second run replaces the first
		svg, png, err := Write(filepath.Join(dir, "plate-1"), sample)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{filepath.Join(dir, "plate-1.svg"), filepath.Join(dir, "plate-1.png")}
		if diff := cmp.Diff(want, []string{svg, png}); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		onDisk, err := os.ReadFile(svg)
		if err != nil || string(onDisk) != drawSVG(t, sample) {
			t.Errorf("%s is another picture, %v", svg, err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}

	none := filepath.Join(dir, "none", "plate")
	if _, _, err := Write(none, sample); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	_, _, err := Write(none, Map{Min: 2, Max: 1})
	if want := "heatmap: a scale from 2 to 1: give a smaller Min than Max, or neither (for " + none + ".svg)"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriterFails(t *testing.T) {
	t.Parallel()
	for _, draw := range []func(io.Writer, Map) error{SVG, PNG} {
		if err := draw(broken{}, sample); !errors.Is(err, io.ErrClosedPipe) || !strings.HasPrefix(err.Error(), "heatmap: ") {
			t.Errorf("got %v", err)
		}
	}
}
