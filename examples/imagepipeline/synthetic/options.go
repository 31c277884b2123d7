package synthetic

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/millrace-go/millrace/examples/imagepipeline/plate"
)

// Stains are the dyes of the six channels, channel 1 first.
var Stains = [6]string{"Hoechst 33342", "Concanavalin A", "SYTO 14", "Phalloidin", "WGA", "MitoTracker Deep Red"}

// Plate is a plate to make; the names become folders.
type Plate struct{ Experiment, Name string }

// Options say what to make. The zero value makes two full plates of two
// experiments.
type Options struct {
	Plates  []Plate  // default: plate-1 of experiment-1 and plate-2 of experiment-2
	Wells   []string // of each plate; default: B02 to O23, 308 wells
	Sites   int      // of each well; default 4
	Size    int      // of an image, in pixels a side; default 24
	Missing int      // images to leave out of each plate, as a failing microscope does
	Seed    uint64   // the same seed gives the same pixels
}

const (
	defaultSites = 4
	defaultSize  = 24
	minSize      = 8
	maxSize      = 2160 // as large as a real one, at 69 GB a plate
	maxSites     = 9999 // four digits in the name
)

// DefaultWells are the wells of a 384-well plate that are measured: its outer
// ring dries out and is left empty.
func DefaultWells() []string {
	var wells []string
	for row := 2; row < plate.Format384.Rows; row++ {
		for col := 2; col < plate.Format384.Cols; col++ {
			name, err := plate.WellName(row, col)
			if err != nil {
				continue // every plate has these wells
			}
			wells = append(wells, name)
		}
	}
	return wells
}

// complete fills in the defaults and says everything that is wrong.
func (o Options) complete() (Options, error) {
	if len(o.Plates) == 0 {
		o.Plates = []Plate{{"experiment-1", "plate-1"}, {"experiment-2", "plate-2"}}
	}
	if len(o.Wells) == 0 {
		o.Wells = DefaultWells()
	}
	if o.Sites == 0 {
		o.Sites = defaultSites
	}
	if o.Size == 0 {
		o.Size = defaultSize
	}

	var errs []error
	plates, wells := map[Plate]bool{}, map[string]bool{}
	for _, p := range o.Plates {
		if !isFolder(p.Experiment) || !isFolder(p.Name) {
			errs = append(errs, fmt.Errorf("synthetic: experiment %q, plate %q: give names that can be folders", p.Experiment, p.Name))
		}
		if plates[p] {
			errs = append(errs, fmt.Errorf("synthetic: experiment %q, plate %q is listed twice: give each plate its own name", p.Experiment, p.Name))
		}
		plates[p] = true
	}
	given := o.Wells
	o.Wells = make([]string, 0, len(given)) // the caller's stay as they are
	for _, well := range given {
		row, col, err := plate.ParseWell(well)
		if err != nil {
			errs = append(errs, fmt.Errorf("synthetic: %w", err))
			continue
		}
		name, err := plate.WellName(row, col) // as file names have it: b2 is B02
		if err != nil || wells[name] {
			errs = append(errs, fmt.Errorf("synthetic: well %s is listed twice: list each well once", name))
		}
		wells[name] = true
		o.Wells = append(o.Wells, name)
	}
	if o.Sites < 1 || o.Sites > maxSites {
		errs = append(errs, fmt.Errorf("synthetic: %d sites: give 1 to %d", o.Sites, maxSites))
	}
	if o.Size < minSize || o.Size > maxSize {
		errs = append(errs, fmt.Errorf("synthetic: images of %d pixels a side: give %d to %d", o.Size, minSize, maxSize))
	}
	if o.Missing < 0 || o.Missing > max(0, o.perPlate()) {
		errs = append(errs, fmt.Errorf("synthetic: %d images missing: give 0 to the %d of a plate", o.Missing, max(0, o.perPlate())))
	}
	return o, errors.Join(errs...)
}

func (o Options) perPlate() int { return len(o.Wells) * o.Sites * len(Stains) }

// isFolder says whether a name is one folder's, below the folder it is put in.
func isFolder(name string) bool {
	return filepath.IsLocal(name) && filepath.Base(name) == name && name != "."
}
