package imaging_test

import (
	"fmt"

	"github.com/millrace-go/millrace/examples/imagepipeline/imaging"
)

func ExampleMeasure() {
	// Two dim pixels, one bright and one that is too bright for the camera.
	m := imaging.Measure(&imaging.Image{Width: 2, Height: 2, Bits: 8, Pix: []uint16{0, 51, 102, 255}})
	fmt.Printf("mean %.2f, median %.2f, saturated %v %%, threshold %d\n", m.MeanIntensity, m.MedianIntensity, m.PercentSaturated, m.OtsuInt)
	// Output: mean 0.40, median 0.30, saturated 25 %, threshold 102
}
