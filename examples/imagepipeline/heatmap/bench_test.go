package heatmap

import (
	"io"
	"testing"
)

func BenchmarkDraw(b *testing.B) {
	for name, draw := range map[string]func(io.Writer, Map) error{"svg": SVG, "png": PNG} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := draw(io.Discard, sample); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
