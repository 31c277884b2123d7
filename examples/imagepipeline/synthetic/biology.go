package synthetic

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/millrace-go/millrace/examples/imagepipeline/plate"
)

// condition is what the cells of a well live under.
type condition struct {
	alive  float64              // the fraction of cells left, 0 to 1
	bright [len(Stains)]float64 // what each stain's signal is multiplied by
}

// lab holds what differs between plates: which compound lies in which row, and
// which wells are hits.
type lab struct {
	tolerance [33]float64 // by row: the dose that kills half of the cells
	hits      map[string]int
}

// Kinds of hits.
const (
	toxic  = iota // few cells, whatever the dose
	golgi         // WGA and concanavalin A light up
	fusion        // mitochondria light up
	kinds
)

// newLab draws a plate's compounds and hits: one well in forty is a hit.
func newLab(p Plate, opts Options) lab {
	rng := random(opts.Seed, p.Experiment, p.Name, "lab")
	l := lab{hits: map[string]int{}}
	for row := range l.tolerance {
		l.tolerance[row] = 0.25 + 1.1*rng.Float64()
	}
	for range (len(opts.Wells) + 20) / 40 {
		l.hits[opts.Wells[rng.IntN(len(opts.Wells))]] = rng.IntN(kinds)
	}
	return l
}

// condition of a well. The dose rises from 0 in column 2 to 1 in column 23.
func (l lab) condition(well string) condition {
	row, col, err := plate.ParseWell(well)
	if err != nil {
		row, col = 1, 1 // complete has checked the wells
	}
	dose := max(0, float64(col-2)/21)
	effect := 1 / (1 + math.Pow(l.tolerance[row]/max(dose, 1e-9), 4))
	c := condition{alive: 1 - 0.9*effect}
	for i := range c.bright {
		c.bright[i] = 1
	}
	// Dying cells lose their mitochondria first, and their nuclei condense.
	c.bright[5] = 1 - 0.8*math.Sqrt(effect)
	c.bright[0] = 1 + 0.5*effect
	if kind, hit := l.hits[well]; hit {
		switch kind {
		case toxic:
			c.alive = 0.05
		case golgi:
			c.bright[1], c.bright[4] = 2.2, 2.6
		case fusion:
			c.bright[5] = 2.4
		}
	}
	return c
}

// random is a source of its own for each thing that is drawn, so that the order
// of drawing, and with it the number of workers, does not matter.
func random(seed uint64, names ...string) *rand.Rand {
	h := fnv.New64a()
	for _, name := range names {
		// Write of a hash never fails. The zero byte keeps (ab, c) from (a, bc).
		_, _ = h.Write(append([]byte(name), 0))
	}
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
