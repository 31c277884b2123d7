// Package plate knows how microscopes lay plates out on disk.
//
// Its nouns: an [ImageName] is what a file name says, well, site and channel; a
// [Format] is a plate's grid; [Walk] surveys a folder and gives a [Survey]: the
// images with their experiment and plate, the files that were skipped and why,
// and per [Experiment] how many channels, sites and wells to expect.
//
//	survey, err := plate.Walk("/data/screen-7", plate.Options{})
//	if err != nil {
//		return err // names the folder and what to do
//	}
//	for _, img := range survey.Images {
//		fmt.Println(img.Experiment, img.Plate, img.Well, img.Site, img.Channel, img.Path)
//	}
//
// It reads names only and never opens an image. Vendors' index files (Harmony's
// Index.idx.xml, MetaXpress's .HTD) are not read either: they are absent or stale
// too often where a plate has been copied.
package plate
