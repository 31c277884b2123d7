package imaging

import (
	"errors"
	"fmt"
	"math"
)

// ErrDimensions is returned for images that cannot be compared pixel by pixel.
var ErrDimensions = errors.New("images differ in size")

// Pearson is the correlation of two channels of a site over all their pixels,
// from -1 to 1. Where an image is constant the coefficient does not exist; it is
// 0 then, as the reference has it for every correlation that is not finite, so
// that one black channel does not spoil a well's median. The images may differ
// in bit depth.
func Pearson(a, b *Image) (float64, error) {
	if a.Width != b.Width || a.Height != b.Height || len(a.Pix) != len(b.Pix) {
		return 0, fmt.Errorf("imaging: pearson: %w: %d x %d and %d x %d pixels; compare channels of the same site",
			ErrDimensions, a.Width, a.Height, b.Width, b.Height)
	}
	var sumA, sumB, squaresA, squaresB, products uint64
	right := b.Pix[:len(a.Pix)] // so that the loop checks no bounds
	for i, v := range a.Pix {
		x, y := uint64(v), uint64(right[i])
		sumA += x
		sumB += y
		squaresA += x * x
		squaresB += y * y
		products += x * y
	}
	n := uint64(len(a.Pix))
	varianceA := product(n, squaresA).minus(product(sumA, sumA)).float()
	varianceB := product(n, squaresB).minus(product(sumB, sumB)).float()
	if varianceA == 0 || varianceB == 0 {
		return 0, nil
	}
	covariance := difference(product(n, products), product(sumA, sumB))
	r := covariance / (math.Sqrt(varianceA) * math.Sqrt(varianceB))
	return max(-1, min(1, r)), nil // rounding may pass 1 by one bit
}
