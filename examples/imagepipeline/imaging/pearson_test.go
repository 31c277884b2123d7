package imaging

import (
	"errors"
	"testing"
)

func TestPearson(t *testing.T) {
	t.Parallel()
	ramp := grey(16, 0, 10, 20, 30)
	for _, tt := range []struct {
		name string
		a, b *Image
		want float64
	}{
		{"itself", ramp, ramp, 1},
		{"reversed", ramp, grey(16, 30, 20, 10, 0), -1},
		{"another bit depth", ramp, grey(8, 1, 2, 3, 4), 1},
		{"unrelated", grey(16, 0, 0, 1, 1), grey(16, 0, 1, 0, 1), 0},
		{"near the top of 16 bits", grey(16, 65535, 65534, 65535, 65534), grey(16, 65535, 65534, 65535, 65534), 1},
		{"by hand", grey(16, 1, 2, 3), grey(16, 1, 3, 2), .5},
		{"constant left", grey(16, 7, 7, 7, 7), ramp, 0},
		{"constant right", ramp, grey(16, 0, 0, 0, 0), 0},
		{"no pixels", grey(16), grey(16), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Pearson(tt.a, tt.b)
			if err != nil || !near(got, tt.want) {
				t.Errorf("got %v, %v; want %v", got, err, tt.want)
			}
		})
	}
}

func TestPearsonOfDifferentSizes(t *testing.T) {
	t.Parallel()
	wide, tall := grey(16, 1, 2, 3, 4), &Image{Width: 1, Height: 4, Bits: 16, Pix: []uint16{1, 2, 3, 4}}
	_, err := Pearson(wide, tall)
	if !errors.Is(err, ErrDimensions) {
		t.Fatalf("got %v, want ErrDimensions", err)
	}
	const want = "imaging: pearson: images differ in size: 4 x 1 and 1 x 4 pixels; compare channels of the same site"
	if err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}
