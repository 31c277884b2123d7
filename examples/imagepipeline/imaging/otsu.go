package imaging

import "math/big"

// otsu is Otsu's threshold t: the classes are v <= t and v > t, and t is the
// first that maximises n1*n2*(mean1-mean2)^2. above counts the pixels over t. A
// constant image has one class; its threshold is its value.
func (h histogram) otsu() (t int, above uint64) {
	total, _ := h.sums()
	var n1, sum1 uint64 // of the lower class
	var best split
	t, above = h.min(), h.n-uint64(h.counts[0])
	// A value that does not occur makes the same classes as the one below it.
	for i, c := range h.counts[:len(h.counts)-1] {
		n1 += uint64(c)
		sum1 += uint64(h.values[i]) * uint64(c)
		// n1*n2*(mean1-mean2)^2 = (sum1*n - total*n1)^2 / (n1*n2)
		a, b := product(sum1, h.n), product(total, n1)
		s := split{gap: b.minus(a), weight: n1 * (h.n - n1)}
		if s.better(best) {
			best, t, above = s, int(h.values[i]), h.n-n1
		}
	}
	return t, above
}

// split is one way to divide an image: its worth is gap*gap/weight.
type split struct {
	gap    wide
	weight uint64
}

// better compares exactly. Floats decide all but near ties, which they would
// decide by their rounding; those are rare enough for big integers.
func (s split) better(t split) bool {
	if t.weight == 0 {
		return true
	}
	a, b := s.worth(), t.worth()
	if a > b*(1+1e-12) || b > a*(1+1e-12) {
		return a > b
	}
	left := new(big.Int).Mul(s.square(), new(big.Int).SetUint64(t.weight))
	right := new(big.Int).Mul(t.square(), new(big.Int).SetUint64(s.weight))
	return left.Cmp(right) > 0
}

func (s split) worth() float64 {
	g := s.gap.float()
	return g * g / float64(s.weight)
}

func (s split) square() *big.Int {
	g := new(big.Int).SetUint64(s.gap.hi)
	g.Lsh(g, 64).Or(g, new(big.Int).SetUint64(s.gap.lo))
	return g.Mul(g, g)
}
