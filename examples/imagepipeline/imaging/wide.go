package imaging

import (
	"math"
	"math/bits"
)

// wide is an unsigned 128-bit integer. N*sum(x*x) of a one-megapixel 16-bit
// image does not fit in 64 bits, and in float64 the difference of two such sums
// would lose the digits that a faint image's variance consists of.
type wide struct{ hi, lo uint64 }

func product(a, b uint64) wide {
	hi, lo := bits.Mul64(a, b)
	return wide{hi, lo}
}

// less is a < b.
func (a wide) less(b wide) bool {
	return a.hi < b.hi || a.hi == b.hi && a.lo < b.lo
}

// minus is a - b. INVARIANT: a >= b.
func (a wide) minus(b wide) wide {
	lo, borrow := bits.Sub64(a.lo, b.lo, 0)
	hi, _ := bits.Sub64(a.hi, b.hi, borrow)
	return wide{hi, lo}
}

// float is a rounded to a float64 (twice, at 64 and at 53 bits: the error is
// below 2^-52 of the value).
func (a wide) float() float64 {
	return math.Ldexp(float64(a.hi), 64) + float64(a.lo)
}

// difference is a - b with its sign.
func difference(a, b wide) float64 {
	if a.less(b) {
		return -b.minus(a).float()
	}
	return a.minus(b).float()
}
