package plate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Options say what the folders do not. The zero value takes everything from them.
type Options struct {
	Experiment string // the name of the one experiment that all images belong to
	Plate      string // the name of the one plate that all images belong to

	// What is expected of each experiment, where what was found (see Experiment)
	// is not the measure of it: an acquisition that is cut short everywhere.
	ChannelsPerSite int // 0: as found
	SitesPerWell    int // 0: as found
	WellsPerPlate   int // 0: as found
}

// ErrNoImages is returned for a folder without a single image to process.
var ErrNoImages = errors.New("no images")

// Walk surveys the plates below a folder. What it cannot use it skips and says
// so in the survey, which it returns together with an error, too. Links to files
// are followed, links to folders are not.
func Walk(dir string, opts Options) (*Survey, error) {
	w := walker{opts: opts, survey: &Survey{Counts: map[Reason]int{}}, seen: map[key]int{}}
	if least := min(opts.ChannelsPerSite, opts.SitesPerWell, opts.WellsPerPlate); least < 0 {
		return w.survey, fmt.Errorf("plate: %d channels, sites or wells cannot be expected: give a positive number, or 0 to count the images", least)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return w.survey, fmt.Errorf("plate: %w: give a folder of images", err)
	}
	if !info.IsDir() {
		return w.survey, fmt.Errorf("plate: %s is a file: give the folder that holds it", dir)
	}
	root, err := filepath.Abs(dir)
	if err != nil {
		return w.survey, fmt.Errorf("plate: %w", err)
	}
	if err := w.folder(root); err != nil {
		return w.survey, err
	}
	if len(w.survey.Images) == 0 {
		return w.survey, fmt.Errorf("plate: %w in %s: %s", ErrNoImages, dir, w.survey.emptyBecause(root))
	}
	w.survey.Experiments = experiments(w.survey.Images, opts)
	return w.survey, nil
}

type walker struct {
	opts   Options
	survey *Survey
	seen   map[key]int // index into survey.Images
}

func (w *walker) folder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		w.survey.skip(dir, Unreadable, err.Error())
		return nil
	}
	if len(entries) == 0 {
		w.survey.skip(dir, Empty, "nothing was copied here, or it can be removed")
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if strings.HasPrefix(entry.Name(), ".") {
			w.survey.skip(path, OtherFile, "")
			continue
		}
		if !entry.IsDir() {
			if err := w.file(dir, entry); err != nil {
				return err
			}
			continue
		}
		if zStep.MatchString(entry.Name()) {
			w.survey.skip(path, OtherPlane, "the plate is measured on its projections; to measure this plane, give its folder alone")
			continue
		}
		if err := w.folder(path); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) file(dir string, entry fs.DirEntry) error {
	path := filepath.Join(dir, entry.Name())
	if !entry.Type().IsRegular() && !leadsToFile(path) { // a link, or something stranger
		w.survey.skip(path, Link, "it does not lead to a file: give the folder that it leads to, if any")
		return nil
	}
	switch strings.ToLower(filepath.Ext(entry.Name())) {
	case ".tif", ".tiff":
	default:
		w.survey.skip(path, OtherFile, "")
		return nil
	}
	name, err := ParseName(entry.Name())
	if err != nil {
		w.misnamed(path, err)
		return nil
	}
	experiment, plate, err := origin(dir, w.opts)
	if err != nil {
		return err
	}
	return w.add(Image{ImageName: name, Experiment: experiment, Plate: plate, Path: path})
}

func leadsToFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// misnamed skips a TIFF file that is not an image of the plate by its name.
func (w *walker) misnamed(path string, err error) {
	if errors.Is(err, ErrThumbnail) {
		w.survey.skip(path, Thumbnail, "")
		return
	}
	w.survey.skip(path, BadName, err.Error())
}

// emptyBecause explains a survey without images: by the first thing skipped.
func (s *Survey) emptyBecause(root string) string {
	if len(s.Skipped) > 0 {
		first := s.Skipped[0]
		if rel, err := filepath.Rel(root, first.Path); err == nil {
			first.Path = rel // the root has been named
		}
		return first.String()
	}
	if n := s.Counts[Thumbnail]; n > 0 {
		return fmt.Sprintf("it has only thumbnails (%d): copy the full images too", n)
	}
	return "it has no .tif or .tiff files: give the folder of a plate, of an experiment or of several"
}
