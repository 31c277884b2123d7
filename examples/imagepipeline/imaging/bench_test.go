package imaging

import (
	"bytes"
	"image"
	"math/rand/v2"
	"testing"

	"golang.org/x/image/tiff"
)

// cameraImage is like a fluorescence image: an offset, noise, and bright spots
// up to the top of the range.
func cameraImage(width, height int) *Image {
	rng := rand.New(rand.NewPCG(1, 2))
	m := &Image{Width: width, Height: height, Bits: 16, Pix: make([]uint16, width*height)}
	for i := range m.Pix {
		m.Pix[i] = uint16(200 + rng.IntN(60))
		if (i/width/32+i%width/32)%5 == 0 {
			m.Pix[i] += uint16(rng.IntN(20000))
		}
	}
	return m
}

// perMegapixel reports the time for a million pixels.
func perMegapixel(b *testing.B, pixels int) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(pixels)*1e6, "ns/Mpx")
}

func BenchmarkMeasure(b *testing.B) {
	for _, size := range []int{24, 1080, 2160} {
		b.Run(image.Pt(size, size).String(), func(b *testing.B) {
			m := cameraImage(size, size)
			b.ReportAllocs()
			for b.Loop() {
				Measure(m)
			}
			perMegapixel(b, len(m.Pix))
		})
	}
}

func BenchmarkPearson(b *testing.B) {
	m := cameraImage(1080, 1080)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Pearson(m, m); err != nil {
			b.Fatal(err)
		}
	}
	perMegapixel(b, len(m.Pix))
}

func BenchmarkDecode(b *testing.B) {
	m := cameraImage(1080, 1080)
	g := image.NewGray16(image.Rect(0, 0, m.Width, m.Height))
	for i, v := range m.Pix {
		g.Pix[2*i], g.Pix[2*i+1] = byte(v>>8), byte(v)
	}
	for name, compression := range map[string]tiff.CompressionType{"raw": tiff.Uncompressed, "deflate": tiff.Deflate} {
		b.Run(name, func(b *testing.B) {
			file := encode(b, g, compression)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(bytes.NewReader(file), int64(len(file))); err != nil {
					b.Fatal(err)
				}
			}
			perMegapixel(b, len(m.Pix))
		})
	}
}
