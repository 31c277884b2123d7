package imaging

// summary is an image in exact numbers, in units of the camera's: what the
// metrics are made of, before any rounding. Medians and quartiles may lie
// between two pixels, at halves and quarters, which a float64 holds exactly.
type summary struct {
	n            uint64
	sum, squares uint64
	min, max     int
	median, mad  float64
	p25, p75     float64
	atMin, atMax uint64 // pixels equal to the smallest and to the largest
}

func summarise(h histogram) summary {
	s := summary{n: h.n, min: h.min(), max: h.max()}
	s.sum, s.squares = h.sums()
	s.atMin, s.atMax = uint64(h.counts[0]), uint64(h.counts[len(h.counts)-1])

	// The median as numpy's: the mean of the middle two. Quartiles as numpy's
	// linear percentiles: at q*(n-1), between the pixels on either side.
	last := h.n - 1
	a, b := h.at(last/4, min(last/4+1, last))
	s.p25 = quarter(a, b, last%4)
	a, b = h.at(last*3/4, min(last*3/4+1, last))
	s.p75 = quarter(a, b, last*3%4)
	a, b = h.at(last/2, h.n/2)
	s.median = float64(a+b) / 2
	a, b = h.deviations(int(a+b), last/2, h.n/2)
	s.mad = float64(a+b) / 4
	return s
}

// quarter is the point at quarters/4 of the way from a to b.
func quarter(a, b, quarters uint64) float64 {
	return float64(a*(4-quarters)+b*quarters) / 4
}
