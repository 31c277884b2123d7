package plate

import (
	"fmt"
	"path/filepath"
)

// key says which image of which plate a file is.
type key struct {
	experiment, plate, well string
	site, channel           int
}

// add takes an image, or decides between it and one that was found before for
// the same plate, well, site and channel.
func (w *walker) add(img Image) error {
	k := key{img.Experiment, img.Plate, img.Well, img.Site, img.Channel}
	at, found := w.seen[k]
	if !found {
		w.seen[k] = len(w.survey.Images)
		w.survey.Images = append(w.survey.Images, img)
		return nil
	}
	kept := w.survey.Images[at]
	if a, b := filepath.Dir(kept.Path), filepath.Dir(img.Path); a != b {
		return fmt.Errorf("plate: %s and %s both hold well %s, site %d, channel %d of plate %q of experiment %q: give one of the folders alone, or tell them apart with -experiment and -plate",
			a, b, img.Well, img.Site, img.Channel, img.Plate, img.Experiment)
	}
	switch {
	case kept.Time == img.Time && kept.Plane == img.Plane:
		w.survey.skip(img.Path, Duplicate, "it is the same well, site and channel as "+filepath.Base(kept.Path)+", which is kept")
		return nil
	case img.Time < kept.Time || img.Time == kept.Time && img.Plane < kept.Plane:
		// Names do not sort by number: sk10 comes before sk2.
		w.survey.Images[at], kept, img = img, img, kept
	}
	w.survey.skip(img.Path, OtherPlane, "the first, "+filepath.Base(kept.Path)+", is kept")
	return nil
}
