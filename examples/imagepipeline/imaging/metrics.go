package imaging

import "math"

// Metrics are the measurements of one image. Intensities are fractions of the
// largest value that the pixel type holds (65535 or 255); the names are
// CellProfiler's where it has the metric.
type Metrics struct {
	TotalArea int // pixels

	TotalIntensity         float64
	MeanIntensity          float64
	StdIntensity           float64 // of the population: divided by N
	MedianIntensity        float64
	MADIntensity           float64 // median of |x-median|, not scaled by 1.4826
	MinIntensity           float64
	MaxIntensity           float64
	LowerQuartileIntensity float64
	UpperQuartileIntensity float64

	// PercentMaximal and PercentMinimal are the pixels equal to the largest and
	// smallest of this image, in percent. They are never 0 and do not mean
	// saturation: PercentSaturated does, the pixels at the top of the pixel type.
	PercentMaximal   float64
	PercentMinimal   float64
	PercentSaturated float64

	// FocusScore is the variance over the mean, 0 for a black image.
	FocusScore float64

	// OtsuInt is Otsu's threshold in pixel units; ForegroundFraction is the
	// fraction of pixels above it.
	OtsuInt            int
	ForegroundFraction float64
}

// Measure measures an image, in one pass over its pixels. An image without
// pixels, which Read never returns, gives zeros.
func Measure(m *Image) Metrics {
	if len(m.Pix) == 0 {
		return Metrics{}
	}
	h := count(m.Pix)
	s := summarise(h)
	scale, n := m.scale(), float64(s.n)
	mean := float64(s.sum) / n
	// sum((x-mean)^2) = (n*squares - sum^2) / n, and n*squares >= sum^2 always.
	variance := product(s.n, s.squares).minus(product(s.sum, s.sum)).float() / n / n
	threshold, above := h.otsu()

	metrics := Metrics{
		TotalArea:              len(m.Pix),
		TotalIntensity:         float64(s.sum) / scale,
		MeanIntensity:          mean / scale,
		StdIntensity:           math.Sqrt(variance) / scale,
		MedianIntensity:        s.median / scale,
		MADIntensity:           s.mad / scale,
		MinIntensity:           float64(s.min) / scale,
		MaxIntensity:           float64(s.max) / scale,
		LowerQuartileIntensity: s.p25 / scale,
		UpperQuartileIntensity: s.p75 / scale,
		PercentMaximal:         100 * float64(s.atMax) / n,
		PercentMinimal:         100 * float64(s.atMin) / n,
		OtsuInt:                threshold,
		ForegroundFraction:     float64(above) / n,
	}
	if float64(s.max) == scale {
		metrics.PercentSaturated = metrics.PercentMaximal
	}
	if mean > 0 {
		metrics.FocusScore = variance / (mean * scale)
	}
	return metrics
}
