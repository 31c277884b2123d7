// Package imaging reads microscopy images and measures them.
//
// It has two nouns. An [Image] is the pixels of one channel of one site, 8 or
// 16-bit grey, as integers. [Metrics] are what the pipeline keeps of it:
// intensity, saturation, focus and a foreground threshold, named and defined as
// CellProfiler's MeasureImageQuality and MeasureImageIntensity define them.
// [Pearson] compares two channels of a site, [Median] gathers sites to wells.
//
//	img, err := imaging.Read("plate/scan_B02_s1_w1.tif")
//	if err != nil {
//		return err // names the file, what is wrong with it and what to do
//	}
//	m := imaging.Measure(img)
//	fmt.Println(m.MeanIntensity, m.FocusScore)
//
// It does not segment: nothing here knows what a cell is. Everything is a sum or
// an order statistic over all pixels, so it is computed in exact integers and
// turned into a float64 once, at the end: the results do not depend on the order
// of the pixels, and agree with the reference to the last few bits.
package imaging
