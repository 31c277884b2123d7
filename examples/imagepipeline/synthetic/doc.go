// Package synthetic makes plates of small images for those who have none: as
// many as a real plate has, in the folders and under the names that an
// ImageXpress writes, with biology enough that a heat map of them shows some.
//
// A [Plate] is 308 wells (384 without the outer ring) of 4 sites of 6 channels,
// one for each of the [Stains]. Each row is a compound whose dose rises from
// column to column until it kills, some rows sooner than others; scattered wells
// are hits, brighter in some stains or nearly empty.
//
//	made, err := synthetic.Write(ctx, dir, synthetic.Options{Seed: 7})
//	if err != nil {
//		return err
//	}
//	fmt.Println(made.Images) // 14784: two plates of two experiments
//
// The images are meant to be counted, measured and plotted; a segmentation would
// learn nothing from them.
package synthetic
