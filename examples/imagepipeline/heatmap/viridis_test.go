package heatmap

import (
	"image/color"
	"math"
	"testing"
)

func TestShade(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		at   float64
		want color.RGBA
	}{
		{0, color.RGBA{0x44, 0x01, 0x54, 255}},
		{-3, color.RGBA{0x44, 0x01, 0x54, 255}},
		{1, color.RGBA{0xfd, 0xe7, 0x25, 255}},
		{7, color.RGBA{0xfd, 0xe7, 0x25, 255}},
		{7. / 15, color.RGBA{0x23, 0x88, 0x8e, 255}},
		{7.5 / 15, color.RGBA{0x21, 0x90, 0x8d, 255}}, // matplotlib: #21918c
	} {
		if got := shade(tt.at); got != tt.want {
			t.Errorf("shade(%v) = %v, want %v", tt.at, got, tt.want)
		}
	}
}

// A grey printer must keep the order: more is brighter, everywhere.
func TestShadeIsMonotonous(t *testing.T) {
	t.Parallel()
	before := -1.0
	for i := range 1001 {
		c := shade(float64(i) / 1000)
		linear := func(v uint8) float64 { return math.Pow(float64(v)/255, 2.2) }
		luminance := 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
		if luminance < before-0.002 {
			t.Fatalf("at %d/1000 the luminance falls from %v to %v", i, before, luminance)
		}
		before = luminance
	}
}

func TestLabel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		v, span float64
		want    string
	}{
		{0, 0, "0.00"},
		{5, 0, "5.00"},
		{0.112, 0.107, "0.112"},
		{0.0046, 0.0311, "0.0046"},
		{-1.5, 6, "-1.50"},
		{0, 6, "0.00"},
		{250, 500, "250"},
		{123456, 1, "123456.00"},
		{2.5e-5, 1e-4, "2.5e-05"},
		{-1.2e-11, 2e-5, "0"},
		{3e9, 1e9, "3e+09"},
		{100.00004, 0.0001, "100.000040"},
	} {
		if got := label(tt.v, tt.span); got != tt.want {
			t.Errorf("label(%v, %v) = %q, want %q", tt.v, tt.span, got, tt.want)
		}
	}
}
