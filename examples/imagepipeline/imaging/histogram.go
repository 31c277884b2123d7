package imaging

// histogram counts how often each pixel value occurs, from the smallest that
// does to the largest: counts[i] pixels are base+i. It is the one pass over the
// pixels; all the metrics come from it. It spans only the values that occur
// because most images use a fraction of the 65,536, and small ones have fewer
// pixels than that.
type histogram struct {
	base   int
	counts []uint32
	n      uint64 // pixels in all
}

// count makes the histogram. INVARIANT: len(pix) > 0, and at most MaxPixels, so
// that a count fits in 32 bits.
func count(pix []uint16) histogram {
	low, high := pix[0], pix[0]
	for _, v := range pix {
		low, high = min(low, v), max(high, v)
	}
	counts := make([]uint32, int(high-low)+1)
	for _, v := range pix {
		counts[v-low]++
	}
	return histogram{base: int(low), counts: counts, n: uint64(len(pix))}
}

func (h histogram) min() int { return h.base }
func (h histogram) max() int { return h.base + len(h.counts) - 1 }

// sums are the sum of the pixels and the sum of their squares.
func (h histogram) sums() (sum, squares uint64) {
	for i, c := range h.counts {
		v, c := uint64(h.base+i), uint64(c)
		sum += v * c
		squares += v * v * c
	}
	return sum, squares
}

// at gives the pixels at two ranks of the sorted image, counted from 0, low <=
// high: two at once because medians and quartiles lie between two.
func (h histogram) at(low, high uint64) (a, b uint64) {
	below := uint64(h.counts[0]) // pixels up to base+i
	i := 0
	for ; below <= low; below += uint64(h.counts[i]) {
		i++
	}
	a = uint64(h.base + i)
	for ; below <= high; below += uint64(h.counts[i]) {
		i++
	}
	return a, uint64(h.base + i)
}

// deviations is at for the distances |2*pixel - twiceCentre|. They are doubled
// because a median may lie between two pixel values. Distances are met in
// ascending order by walking from the centre to both sides.
func (h histogram) deviations(twiceCentre int, low, high uint64) (a, b uint64) {
	left := twiceCentre/2 - h.base
	right := left + 1
	var below, distance uint64 // below: pixels up to that distance
	step := func() {
		toLeft, toRight := twiceCentre-2*(h.base+left), 2*(h.base+right)-twiceCentre
		if left >= 0 && (right == len(h.counts) || toLeft <= toRight) {
			distance = uint64(toLeft)
			below += uint64(h.counts[left])
			left--
		} else {
			distance = uint64(toRight)
			below += uint64(h.counts[right])
			right++
		}
	}
	for below <= low {
		step()
	}
	a = distance
	for below <= high {
		step()
	}
	return a, distance
}
