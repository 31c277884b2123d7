package synthetic

import (
	"math"
	"math/rand/v2"
)

// cell is a cell in a site, in pixels.
type cell struct {
	x, y      float64
	size      float64 // radius of the cell body
	cos, sin  float64 // of its orientation
	roundness float64 // short axis over long axis
	light     float64 // how much stain it has taken up
}

// density is the number of cells of a healthy site; they are drawn as large
// as that leaves room for.
const density = 9

// grow places the cells of a site.
func grow(rng *rand.Rand, size int, alive float64) []cell {
	cells := make([]cell, 0, density+4)
	for range density {
		// Draw every cell, dead or not, so that a dose changes the number of cells
		// and not all that follows from the source.
		angle := rng.Float64() * math.Pi
		c := cell{
			x: rng.Float64() * float64(size), y: rng.Float64() * float64(size),
			size: float64(size) * (0.15 + 0.06*rng.Float64()),
			cos:  math.Cos(angle), sin: math.Sin(angle),
			roundness: 0.6 + 0.4*rng.Float64(),
			light:     0.8 + 0.4*rng.Float64(),
		}
		if rng.Float64() < alive {
			cells = append(cells, c)
		}
	}
	return cells
}

// profile is a stain's brightness along a cell's radius, by steps of the
// squared distance from its centre: steps of r*r/(size*size), up to reach.
type profile [64]float64

// reach is the squared distance, in cell radii, where the stains have faded.
const reach = 2.5

// stains are the profiles of the six channels. Each has its own place in the
// cell: the nucleus, the reticulum around it, nucleoli and cytoplasm, the actin
// at the edge, the membranes, the mitochondria between nucleus and edge.
var stains = [len(Stains)]profile{
	shape(func(r float64) float64 { return 14000 / (1 + math.Exp((r-0.42)*22)) }),
	shape(func(r float64) float64 { return 6000 * math.Exp(-r*r*2.2) }),
	shape(func(r float64) float64 { return 2500*math.Exp(-r*r*2) + 7000*math.Exp(-r*r*40) }),
	shape(func(r float64) float64 { return 1500*math.Exp(-r*r*2) + 6500*math.Exp(-(r-0.95)*(r-0.95)*40) }),
	shape(func(r float64) float64 { return 1200*math.Exp(-r*r) + 8000*math.Exp(-(r-0.5)*(r-0.5)*60) }),
	shape(func(r float64) float64 { return 7000 * math.Exp(-(r-0.62)*(r-0.62)*14) }),
}

func shape(at func(r float64) float64) profile {
	var p profile
	for i := range p {
		r := math.Sqrt((float64(i) + 0.5) / float64(len(p)) * reach)
		fade := min(1, (math.Sqrt(reach)-r)*4) // so that no cell ends in a step
		p[i] = at(r) * fade
	}
	return p
}

// offset is what the camera gives in the dark.
const offset = 300

// render draws one channel of a site into pix, size by size pixels.
func render(pix []float64, size int, cells []cell, stain *profile, bright float64) {
	for i := range pix {
		pix[i] = offset
	}
	for _, c := range cells {
		far := c.size * math.Sqrt(reach)
		light := c.light * bright
		for y := max(0, int(c.y-far)); y <= min(size-1, int(c.y+far)); y++ {
			for x := max(0, int(c.x-far)); x <= min(size-1, int(c.x+far)); x++ {
				dx, dy := float64(x)-c.x, float64(y)-c.y
				long := (dx*c.cos + dy*c.sin) / c.size
				short := (dy*c.cos - dx*c.sin) / (c.size * c.roundness)
				step := int((long*long + short*short) * float64(len(stain)) / reach)
				if step < len(stain) {
					pix[y*size+x] += stain[step] * light
				}
			}
		}
	}
}

// expose turns light into pixels: the noise of counted photons is near enough
// normal, with the square root of the signal as its deviation.
func expose(rng *rand.Rand, pix []float64, out []uint16) {
	var bits uint64
	for i, v := range pix {
		if bits >>= 32; i%2 == 0 {
			bits = rng.Uint64()
		}
		// Four bytes added up: mean 510, deviation 147.8.
		sum := bits&0xff + bits>>8&0xff + bits>>16&0xff + bits>>24&0xff
		v += (float64(sum) - 510) / 147.8 * 1.5 * math.Sqrt(v)
		out[i] = uint16(min(65535, max(0, v)))
	}
}
