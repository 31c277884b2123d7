package imaging

import "slices"

// histogram counts how often each pixel value occurs: counts[i] pixels are
// values[i], which ascend; values that do not occur are left out. Making it is
// the one pass over the pixels; all the metrics come from it.
type histogram struct {
	values []uint16
	counts []uint32
	n      uint64 // pixels in all
}

// few is the number of pixels below which sorting them is faster than clearing
// and searching 65,536 counters: the images of a demonstration, not of a camera.
const few = 1 << 13

// count makes the histogram. INVARIANT: len(pix) > 0, and at most MaxPixels, so
// that a count fits in 32 bits.
func count(pix []uint16) histogram {
	h := histogram{n: uint64(len(pix))}
	if len(pix) < few {
		sorted := slices.Clone(pix)
		slices.Sort(sorted)
		h.counts = make([]uint32, 0, len(pix))
		h.values = slices.Compact(slices.Clone(sorted))
		for _, v := range h.values {
			times := 0
			for times < len(sorted) && sorted[times] == v {
				times++
			}
			h.counts = append(h.counts, uint32(times))
			sorted = sorted[times:]
		}
		return h
	}
	var all [1 << 16]uint32
	for _, v := range pix {
		all[v]++
	}
	occur := 0
	for _, c := range all {
		if c > 0 {
			occur++
		}
	}
	h.values, h.counts = make([]uint16, 0, occur), make([]uint32, 0, occur)
	for v, c := range all {
		if c > 0 {
			h.values, h.counts = append(h.values, uint16(v)), append(h.counts, c)
		}
	}
	return h
}

func (h histogram) min() int { return int(h.values[0]) }
func (h histogram) max() int { return int(h.values[len(h.values)-1]) }

// sums are the sum of the pixels and the sum of their squares.
func (h histogram) sums() (sum, squares uint64) {
	for i, c := range h.counts {
		v, c := uint64(h.values[i]), uint64(c)
		sum += v * c
		squares += v * v * c
	}
	return sum, squares
}

// at gives the pixels at two ranks of the sorted image, counted from 0, low <=
// high: two at once because medians and quartiles lie between two.
func (h histogram) at(low, high uint64) (a, b uint64) {
	below := uint64(h.counts[0]) // pixels up to values[i]
	i := 0
	for ; below <= low; below += uint64(h.counts[i]) {
		i++
	}
	a = uint64(h.values[i])
	for ; below <= high; below += uint64(h.counts[i]) {
		i++
	}
	return a, uint64(h.values[i])
}

// deviations is at for the distances |2*pixel - twiceCentre|. They are doubled
// because a median may lie between two pixel values. Distances are met in
// ascending order by walking from the centre to both sides.
func (h histogram) deviations(twiceCentre int, low, high uint64) (a, b uint64) {
	right, _ := slices.BinarySearch(h.values, uint16((twiceCentre+1)/2))
	left := right - 1
	var below, distance uint64 // below: pixels up to that distance
	step := func() {
		toLeft, toRight := -1, -1
		if left >= 0 {
			toLeft = twiceCentre - 2*int(h.values[left])
		}
		if right < len(h.values) {
			toRight = 2*int(h.values[right]) - twiceCentre
		}
		if toRight < 0 || toLeft >= 0 && toLeft <= toRight {
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
