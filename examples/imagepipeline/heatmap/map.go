package heatmap

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/millrace-go/millrace/examples/imagepipeline/plate"
)

// Map is a plate to draw. Wells are named as plate.WellName has it.
type Map struct {
	Title    string
	Subtitle string
	Unit     string // what the numbers are, beside the colour scale

	Values map[string]float64 // by well; finite

	// Expected are the wells that should have a value; those without are hatched,
	// and wells that are not expected are grey. Without Expected all wells are.
	Expected []string
	// Incomplete are the wells whose value does not rest on all its data, with
	// what is lacking ("3 of 4 sites").
	Incomplete map[string]string

	// Format is the plate's grid; by default the smallest that has all wells.
	Format plate.Format

	// Min and Max are the ends of the colour scale, so that several plates can
	// share one; values beyond have the colours of the ends. By default they are
	// those of the values.
	Min, Max float64
}

// well is a position on the plate.
type well struct{ row, col int }

// grid is a Map that has been checked.
type grid struct {
	Map

	values     map[well]float64
	expected   map[well]bool // nil: all
	incomplete map[well]string
	clipped    [2]bool // values lie below, above the scale
}

// check reports everything in m that cannot be drawn.
func (m Map) check() (grid, error) {
	g := grid{Map: m, values: map[well]float64{}, incomplete: map[well]string{}}
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("heatmap: "+format, args...)) }
	if m.Format == (plate.Format{}) {
		names := slices.Concat(slices.Collect(maps.Keys(m.Values)), m.Expected, slices.Collect(maps.Keys(m.Incomplete)))
		names = slices.DeleteFunc(names, func(name string) bool { _, _, err := plate.ParseWell(name); return err != nil })
		if format, err := plate.FormatOf(names...); err == nil {
			g.Format = format
		}
	} else if !plate.Format1536.Has(m.Format.Rows, m.Format.Cols) {
		fail("a plate of %d x %d wells: give 1 x 1 to 32 x 48", m.Format.Rows, m.Format.Cols)
		return grid{}, errors.Join(errs...)
	}
	place := func(name string) well {
		row, col, err := plate.ParseWell(name)
		switch {
		case err != nil:
			fail("%w", err)
		case !g.Format.Has(row, col):
			fail("well %s is not on a plate of %s: leave Format out to have it chosen", name, g.Format)
		}
		return well{row, col}
	}

	for _, name := range slices.Sorted(maps.Keys(m.Values)) {
		v := m.Values[name]
		if math.IsNaN(v) || math.IsInf(v, 0) {
			fail("the value of well %s is %v: leave it out to have it drawn as missing", name, v)
		}
		g.values[place(name)] = v
	}
	if m.Expected != nil {
		g.expected = map[well]bool{}
	}
	for _, name := range m.Expected {
		g.expected[place(name)] = true
	}
	for _, name := range slices.Sorted(maps.Keys(m.Incomplete)) {
		g.incomplete[place(name)] = m.Incomplete[name]
	}
	if m.Min > m.Max || math.IsNaN(m.Max-m.Min) || math.IsInf(m.Max-m.Min, 0) {
		fail("a scale from %v to %v: give a smaller Min than Max, or neither", m.Min, m.Max)
	}
	g.scale()
	return g, errors.Join(errs...)
}

// scale takes the ends of the colour scale from the values if none are given.
func (g *grid) scale() {
	if len(g.values) == 0 {
		return
	}
	values := slices.Collect(maps.Values(g.values))
	low, high := slices.Min(values), slices.Max(values)
	if g.Min == g.Max {
		g.Min, g.Max = low, high
	}
	g.clipped = [2]bool{low < g.Min, high > g.Max}
}

// at is a value's place on the scale, 0 to 1; the middle if all are equal. The
// halves keep the difference of two very large numbers finite.
func (g *grid) at(v float64) float64 {
	span := g.Max/2 - g.Min/2
	if span <= 0 {
		return 0.5
	}
	return (v/2 - g.Min/2) / span
}

// state is how a well is drawn.
type state int

const (
	unused state = iota
	missing
	valued
)

func (g *grid) state(w well) state {
	if _, ok := g.values[w]; ok {
		return valued
	}
	if g.expected == nil || g.expected[w] {
		return missing
	}
	return unused
}
