package pipeline

import "github.com/millrace-go/millrace/examples/imagepipeline/imaging"

// Features are what is known of a site, or, as medians, of a well or a plate.
type Features struct {
	Channels []ChannelFeatures `msgpack:"channels"` // in the order of their numbers
	// Pearson is the correlation of each pair of channels: the first with the
	// second, with the third and so on, the second with the third. See
	// [Features.Correlation].
	Pearson []float64 `msgpack:"pearson"`
}

// ChannelFeatures are those of one channel, defined as in [imaging.Metrics].
type ChannelFeatures struct {
	MeanIntensity          float64
	StdIntensity           float64
	MedianIntensity        float64
	MADIntensity           float64
	LowerQuartileIntensity float64
	UpperQuartileIntensity float64
	PercentMaximal         float64
	PercentSaturated       float64
	FocusScore             float64
	ForegroundFraction     float64
}

func featuresOf(m imaging.Metrics) ChannelFeatures {
	return ChannelFeatures{
		MeanIntensity:          m.MeanIntensity,
		StdIntensity:           m.StdIntensity,
		MedianIntensity:        m.MedianIntensity,
		MADIntensity:           m.MADIntensity,
		LowerQuartileIntensity: m.LowerQuartileIntensity,
		UpperQuartileIntensity: m.UpperQuartileIntensity,
		PercentMaximal:         m.PercentMaximal,
		PercentSaturated:       m.PercentSaturated,
		FocusScore:             m.FocusScore,
		ForegroundFraction:     m.ForegroundFraction,
	}
}

// fields are all of them, for what treats them alike.
func (c *ChannelFeatures) fields() []*float64 {
	return []*float64{
		&c.MeanIntensity, &c.StdIntensity, &c.MedianIntensity, &c.MADIntensity, &c.LowerQuartileIntensity,
		&c.UpperQuartileIntensity, &c.PercentMaximal, &c.PercentSaturated, &c.FocusScore, &c.ForegroundFraction,
	}
}

// Correlation is the Pearson coefficient of two channels, the first being 1; it is
// 0 for channels that are not there.
func (f Features) Correlation(a, b int) float64 {
	a, b = min(a, b), max(a, b)
	n := len(f.Channels)
	// The pairs before those of channel a, then those of a before b.
	at := (a-1)*(2*n-a)/2 + b - a - 1
	if a < 1 || a == b || b > n || at >= len(f.Pearson) {
		return 0
	}
	return f.Pearson[at]
}

// Median takes each feature's median by itself (the mean of the middle two, if
// the values are even): how features of sites become those of a well. Channels
// that only some of the values have are those of the ones that have them.
func Median(all ...Features) Features {
	channels, pairs := 0, 0
	for _, f := range all {
		channels, pairs = max(channels, len(f.Channels)), max(pairs, len(f.Pearson))
	}
	m := Features{Channels: make([]ChannelFeatures, channels), Pearson: make([]float64, pairs)}
	values := make([]float64, 0, len(all))
	for channel := range m.Channels {
		for i, field := range m.Channels[channel].fields() {
			values = values[:0]
			for _, f := range all {
				if channel < len(f.Channels) {
					values = append(values, *f.Channels[channel].fields()[i])
				}
			}
			*field = imaging.Median(values)
		}
	}
	for pair := range m.Pearson {
		values = values[:0]
		for _, f := range all {
			if pair < len(f.Pearson) {
				values = append(values, f.Pearson[pair])
			}
		}
		m.Pearson[pair] = imaging.Median(values)
	}
	return m
}
