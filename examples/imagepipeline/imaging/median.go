package imaging

import "slices"

// Median is the middle value, or the mean of the middle two: how the values of a
// well's sites become the well's. It is 0 for no values, and leaves its argument
// as it is.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}
