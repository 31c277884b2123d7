package pipeline

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each pair of channels has its own place, whichever comes first.
func TestCorrelation(t *testing.T) {
	t.Parallel()
	for channels := range 6 {
		f := Features{Channels: make([]ChannelFeatures, channels)}
		for a := 1; a <= channels; a++ {
			for b := a + 1; b <= channels; b++ {
				f.Pearson = append(f.Pearson, float64(10*a+b))
			}
		}
		for a := range channels + 2 {
			for b := range channels + 2 {
				want := float64(10*min(a, b) + max(a, b))
				if a == b || min(a, b) < 1 || max(a, b) > channels {
					want = 0
				}
				if got := f.Correlation(a, b); got != want {
					t.Errorf("%d channels, %d with %d: %v, want %v", channels, a, b, got, want)
				}
			}
		}
	}
}

func TestMedianOfFeatures(t *testing.T) {
	t.Parallel()
	site := func(mean, focus float64, pearson ...float64) Features {
		return Features{Channels: []ChannelFeatures{{MeanIntensity: mean, FocusScore: focus}}, Pearson: pearson}
	}
	two := site(9, 9, 0.5)
	two.Channels = append(two.Channels, ChannelFeatures{MeanIntensity: 7})
	for _, c := range []struct {
		name string
		of   []Features
		want Features
	}{
		{"none", nil, Features{Channels: []ChannelFeatures{}, Pearson: []float64{}}},
		{"each by itself", []Features{site(1, 30, 0.1), site(2, 20, 0.3), site(3, 10, 0.2)}, site(2, 20, 0.2)},
		{"even", []Features{site(1, 4, -1), site(2, 8, 1)}, site(1.5, 6, 0)},
		{"channels that some have", []Features{site(1, 1), two}, Features{
			Channels: []ChannelFeatures{{MeanIntensity: 5, FocusScore: 5}, {MeanIntensity: 7}}, Pearson: []float64{0.5},
		}},
	} {
		if diff := cmp.Diff(c.want, Median(c.of...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// The median of one value is that value, for every field that there is: none is forgotten in the list of fields.
func TestFieldsAreAll(t *testing.T) {
	t.Parallel()
	c := ChannelFeatures{}
	for i, field := range c.fields() {
		*field = float64(i + 1)
	}
	for name, value := range map[string]float64{
		"MeanIntensity": c.MeanIntensity, "StdIntensity": c.StdIntensity, "MedianIntensity": c.MedianIntensity, "MADIntensity": c.MADIntensity,
		"LowerQuartileIntensity": c.LowerQuartileIntensity, "UpperQuartileIntensity": c.UpperQuartileIntensity,
		"PercentMaximal": c.PercentMaximal, "PercentSaturated": c.PercentSaturated, "FocusScore": c.FocusScore, "ForegroundFraction": c.ForegroundFraction,
	} {
		if value == 0 {
			t.Errorf("%s is not among the fields", name)
		}
	}
	if want := fmt.Sprint(Median(Features{Channels: []ChannelFeatures{c}}).Channels[0]); want != fmt.Sprint(c) {
		t.Errorf("the median of one is %s, want %v", want, c)
	}
}
