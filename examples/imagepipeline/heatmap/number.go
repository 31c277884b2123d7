package heatmap

import (
	"math"
	"strconv"
)

// label writes a number of a scale with as many digits as tell its ticks apart.
func label(v, span float64) string {
	largest := max(math.Abs(v), span)
	if math.Abs(v) < span/1000 {
		v = 0 // to the eye: no -1.2e-11 in the middle of a scale
	}
	if largest != 0 && (largest < 1e-3 || largest >= 1e6) {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	decimals := 2
	if span > 0 {
		decimals = max(0, min(6, 2-int(math.Floor(math.Log10(span)))))
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}
