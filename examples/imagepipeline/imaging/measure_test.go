package imaging

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func grey(bits int, pix ...uint16) *Image {
	return &Image{Width: len(pix), Height: 1, Bits: bits, Pix: pix}
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		img  *Image
		want Metrics
	}{
		{"no pixels", grey(16), Metrics{}},
		{"black", grey(16, 0, 0, 0), Metrics{TotalArea: 3, PercentMaximal: 100, PercentMinimal: 100}},
		{"one white pixel", grey(8, 255), Metrics{
			TotalArea: 1, TotalIntensity: 1, MeanIntensity: 1, MedianIntensity: 1, MinIntensity: 1, MaxIntensity: 1,
			LowerQuartileIntensity: 1, UpperQuartileIntensity: 1,
			PercentMaximal: 100, PercentMinimal: 100, PercentSaturated: 100, OtsuInt: 255,
		}},
		{"255 is not saturated at 16 bits", grey(16, 65535.0/3, 65535.0/3), Metrics{
			TotalArea: 2, TotalIntensity: 2. / 3, MeanIntensity: 1. / 3, MedianIntensity: 1. / 3, MinIntensity: 1. / 3, MaxIntensity: 1. / 3,
			LowerQuartileIntensity: 1. / 3, UpperQuartileIntensity: 1. / 3,
			PercentMaximal: 100, PercentMinimal: 100, OtsuInt: 21845,
		}},
		// x = 0, .2, .4, 1: mean .4, variance .14; numpy.percentile 25 -> .15, 75 -> .55.
		{"four greys", grey(8, 0, 51, 102, 255), Metrics{
			TotalArea: 4, TotalIntensity: 1.6, MeanIntensity: .4, StdIntensity: math.Sqrt(.14), MedianIntensity: .3, MADIntensity: .2,
			MaxIntensity: 1, LowerQuartileIntensity: .15, UpperQuartileIntensity: .55,
			PercentMaximal: 25, PercentMinimal: 25, PercentSaturated: 25, FocusScore: .35,
			OtsuInt: 102, ForegroundFraction: .25,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, Measure(tt.img), cmp.Comparer(near)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Random images, small enough that sorting and big integers can check them.
func TestMeasureAgreesWithTheDefinitions(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		pix := make([]uint16, 1+rng.IntN(40))
		span := 1 + rng.IntN(1<<rng.IntN(17))
		for i := range pix {
			pix[i] = uint16(min(65535, rng.IntN(span)+int(seed)*150))
		}
		s, sorted := summarise(count(pix)), slices.Sorted(slices.Values(pix))
		values := make([]float64, len(sorted))
		for i, v := range sorted {
			values[i] = float64(v)
		}
		middle := Median(values)
		off := make([]float64, len(values))
		for i, v := range values {
			off[i] = math.Abs(v - middle)
		}
		want := [4]float64{percentile(values, .25), middle, percentile(values, .75), Median(off)}
		if diff := cmp.Diff(want, [4]float64{s.p25, s.median, s.p75, s.mad}); diff != "" {
			t.Errorf("seed %d, %v: quartiles and MAD (-want +got):\n%s", seed, sorted, diff)
		}
		threshold, above := count(pix).otsu()
		if want := bruteOtsu(sorted); threshold != want {
			t.Errorf("seed %d, %v: Otsu %d, want %d", seed, sorted, threshold, want)
		}
		over := uint64(0)
		for _, v := range pix {
			if int(v) > threshold {
				over++
			}
		}
		if above != over {
			t.Errorf("seed %d: %d pixels above the threshold, want %d", seed, above, over)
		}
	}
}

func percentile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (sorted[high]-sorted[low])*(at-float64(low))
}

// bruteOtsu is the definition, in rational numbers.
func bruteOtsu(sorted []uint16) int {
	t, best := int(sorted[0]), new(big.Rat)
	for n := 1; n < len(sorted); n++ {
		if sorted[n] == sorted[n-1] {
			continue
		}
		gap := new(big.Rat).Sub(mean(sorted[:n]), mean(sorted[n:]))
		worth := new(big.Rat).Mul(gap, gap)
		worth.Mul(worth, big.NewRat(int64(n*(len(sorted)-n)), 1))
		if worth.Cmp(best) > 0 {
			t, best = int(sorted[n-1]), worth
		}
	}
	return t
}

func mean(values []uint16) *big.Rat {
	var sum int64
	for _, v := range values {
		sum += int64(v)
	}
	return big.NewRat(sum, int64(len(values)))
}

// The two ways to count give the same.
func TestCountOfFewAndMany(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	pix := make([]uint16, few-1)
	for i := range pix {
		pix[i] = uint16(rng.IntN(3000))
	}
	pix[0], pix[1] = 0, 65535
	for range 3 { // 8 times even a quarter of them is too many to sort
		want := count(pix)
		want.n *= 8
		for i := range want.counts {
			want.counts[i] *= 8
		}
		if diff := cmp.Diff(want, count(slices.Repeat(pix, 8)), cmp.AllowUnexported(histogram{})); diff != "" {
			t.Fatalf("sorted and counted (-few +many):\n%s", diff)
		}
		pix = pix[:len(pix)/2]
	}
}

// Two thresholds of equal worth: the first wins, whatever floats would say.
func TestOtsuTies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pix  []uint16
		want int
	}{
		{[]uint16{0, 1, 2}, 0},
		{[]uint16{0, 0, 30000, 60000, 60000}, 0},
		{[]uint16{7, 7, 7}, 7},
		{[]uint16{0, 65535}, 0},
	} {
		if got, _ := count(tt.pix).otsu(); got != tt.want {
			t.Errorf("%v: got %d, want %d", tt.pix, got, tt.want)
		}
	}
}

// A white image of the largest size is the worst case for the integer sums.
func TestMeasureLargestImage(t *testing.T) {
	t.Parallel()
	h := histogram{values: []uint16{65534, 65535}, counts: []uint32{MaxPixels / 2, MaxPixels / 2}, n: MaxPixels}
	s := summarise(h)
	variance := product(s.n, s.squares).minus(product(s.sum, s.sum)).float() / float64(s.n) / float64(s.n)
	if !near(variance, .25) || s.median != 65534.5 || s.mad != .5 {
		t.Errorf("variance %v, median %v, MAD %v; want 0.25, 65534.5, 0.5", variance, s.median, s.mad)
	}
	if threshold, above := h.otsu(); threshold != 65534 || above != MaxPixels/2 {
		t.Errorf("Otsu %d with %d above", threshold, above)
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	values := []float64{5, 1, 3}
	for _, tt := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {values[:1], 5}, {values[:2], 3}, {values, 3}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := Median(tt.values); got != tt.want {
			t.Errorf("Median(%v) = %v, want %v", tt.values, got, tt.want)
		}
	}
	if diff := cmp.Diff([]float64{5, 1, 3}, values); diff != "" {
		t.Errorf("the argument changed (-want +got):\n%s", diff)
	}
}
