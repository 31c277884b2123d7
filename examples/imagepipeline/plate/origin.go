package plate

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// Folders that vendors put around a plate's images and that name no plate.
var (
	zStep     = regexp.MustCompile(`^(?i:ZStep_\d+)$`)     // MetaXpress: one plane of the stack above
	timePoint = regexp.MustCompile(`^(?i:TimePoint_\d+)$`) // MetaXpress: one time point of the plate above
	date      = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)  // MetaXpress: NAME/2023-02-21/PLATE
)

// origin is the experiment and the plate of the images in a folder: the folder's
// name is the plate's and its parent's the experiment's, vendors' folders
// aside. A time point is measured as a plate of its own. dir is absolute.
func origin(dir string, opts Options) (experiment, plate string, err error) {
	above, base := filepath.Dir(dir), filepath.Base(dir)
	var suffix string
	switch {
	case strings.EqualFold(base, "Images"): // Harmony: PLATE__DATE-Measurement1/Images
		above, base = filepath.Dir(above), filepath.Base(above)
	case timePoint.MatchString(base):
		suffix = "_" + base
		above, base = filepath.Dir(above), filepath.Base(above)
	}
	if date.MatchString(filepath.Base(above)) {
		above = filepath.Dir(above)
	}
	experiment, plate = opts.Experiment, opts.Plate
	if plate == "" {
		plate = base + suffix
	}
	if experiment == "" {
		experiment = filepath.Base(above)
	}
	root := string(filepath.Separator)
	if strings.HasPrefix(plate, root) || strings.HasPrefix(experiment, root) {
		return "", "", fmt.Errorf("plate: the images in %s have no folders above them to name plate and experiment: name them with -plate and -experiment", dir)
	}
	return experiment, plate, nil
}
