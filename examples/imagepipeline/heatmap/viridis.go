package heatmap

import (
	"image/color"
	"math"
)

// viridis is matplotlib's map (by van der Walt and Smith, CC0) at 16 equal
// steps. Between two of them a straight line is off by less than the eye sees.
var viridis = [16]color.RGBA{
	{0x44, 0x01, 0x54, 255},
	{0x48, 0x1a, 0x6c, 255},
	{0x47, 0x2f, 0x7d, 255},
	{0x41, 0x44, 0x87, 255},
	{0x39, 0x56, 0x8c, 255},
	{0x31, 0x68, 0x8e, 255},
	{0x2a, 0x78, 0x8e, 255},
	{0x23, 0x88, 0x8e, 255},
	{0x1f, 0x98, 0x8b, 255},
	{0x22, 0xa8, 0x84, 255},
	{0x35, 0xb7, 0x79, 255},
	{0x54, 0xc5, 0x68, 255},
	{0x7a, 0xd1, 0x51, 255},
	{0xa5, 0xdb, 0x36, 255},
	{0xd2, 0xe2, 0x1b, 255},
	{0xfd, 0xe7, 0x25, 255},
}

// shade is the colour at a point from 0 to 1; points beyond are those ends.
func shade(at float64) color.RGBA {
	at = max(0, min(1, at)) * float64(len(viridis)-1)
	i := min(int(at), len(viridis)-2)
	part := at - float64(i)
	a, b := viridis[i], viridis[i+1]
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + part*(float64(y)-float64(x)))) }
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}
