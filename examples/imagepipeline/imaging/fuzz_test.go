package imaging

import (
	"encoding/binary"
	"image"
	"math"
	"testing"

	"golang.org/x/image/tiff"
)

// Whatever the bytes are, decoding gives an error or an image that all metrics
// can be computed for.
func FuzzDecode(f *testing.F) {
	f.Add(encode(f, image.NewGray16(image.Rect(0, 0, 9, 5)), tiff.Uncompressed))
	f.Add(encode(f, image.NewGray(image.Rect(0, 0, 9, 5)), tiff.Deflate))
	f.Add(encode(f, image.NewRGBA(image.Rect(0, 0, 3, 3)), tiff.Uncompressed))
	f.Add(tags(binary.BigEndian, 2, 2, 16, make([]byte, 8), nil))
	f.Add(tags(binary.LittleEndian, 1, 1, 8, []byte{9}, map[uint16]uint32{259: 32773}))
	f.Fuzz(func(t *testing.T, file []byte) {
		img, err := decodeBytes(file)
		if err != nil {
			return
		}
		if len(img.Pix) != img.Width*img.Height || len(img.Pix) == 0 || len(img.Pix) > MaxPixels {
			t.Fatalf("%d pixels for %d x %d", len(img.Pix), img.Width, img.Height)
		}
		m := Measure(img)
		for _, v := range []float64{
			m.MinIntensity, m.LowerQuartileIntensity, m.MedianIntensity, m.UpperQuartileIntensity, m.MaxIntensity,
			m.MeanIntensity, m.StdIntensity, m.MADIntensity, m.ForegroundFraction, m.PercentMaximal / 100,
		} {
			if math.IsNaN(v) || v < 0 || v > 1 {
				t.Fatalf("out of range: %+v", m)
			}
		}
		if math.IsNaN(m.FocusScore) || math.IsInf(m.FocusScore, 0) || m.FocusScore < 0 {
			t.Fatalf("focus: %+v", m)
		}
		if r, err := Pearson(img, img); err != nil || r != 0 && !near(r, 1) {
			t.Fatalf("Pearson with itself: %v, %v", r, err)
		}
	})
}
