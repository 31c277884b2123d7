package plate_test

import (
	"fmt"

	"github.com/millrace-go/millrace/examples/imagepipeline/plate"
)

func ExampleParseName() {
	for _, file := range []string{
		"Projection-Mix_E08_s2_w117654C10-92F1-4DFD-98AA-6A01BBD77557.tif",
		"r03c03f03p01-ch5sk1fk1fl1.tiff",
		"Projection-Mix_E07_s1_w1_thumb4BFD4018-E675-475E-B5AB-2E959E6B6DA1.tif",
	} {
		name, err := plate.ParseName(file)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(name.Well, "site", name.Site, "channel", name.Channel)
	}
	// Output:
	// E08 site 2 channel 1
	// C03 site 3 channel 5
	// plate: "Projection-Mix_E07_s1_w1_thumb4BFD4018-E675-475E-B5AB-2E959E6B6DA1.tif": vendor thumbnail
}
