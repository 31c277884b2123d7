package plate

import "fmt"

// Survey is what a folder holds.
type Survey struct {
	Images      []Image      // in the order of their paths
	Experiments []Experiment // by name
	Skipped     []Skip       // files and folders that someone may miss
	Counts      map[Reason]int
}

// Image is an image file that was found.
type Image struct {
	ImageName

	Experiment string
	Plate      string
	Path       string
}

// Skip is a file or a folder that was left out.
type Skip struct {
	Path   string
	Reason Reason
	Detail string // what to do or to know, for a log
}

// String is a line for a log.
func (s Skip) String() string {
	return fmt.Sprintf("%s: %s: %s", s.Path, s.Reason, s.Detail)
}

// Reason is why something was left out.
type Reason string

// Thumbnails and files that are not TIFFs are to be expected in every plate:
// they are counted, and not listed in Survey.Skipped.
const (
	Thumbnail  Reason = "vendor thumbnail"
	OtherFile  Reason = "not a TIFF file"
	BadName    Reason = "unknown name"
	OtherPlane Reason = "another plane or time point"
	Duplicate  Reason = "duplicate image"
	Empty      Reason = "empty folder"
	Unreadable Reason = "unreadable"
	Link       Reason = "link"
)

// quiet says whether a reason needs no entry in Survey.Skipped.
func (r Reason) quiet() bool { return r == Thumbnail || r == OtherFile }

func (s *Survey) skip(path string, reason Reason, detail string) {
	s.Counts[reason]++
	if !reason.quiet() {
		s.Skipped = append(s.Skipped, Skip{Path: path, Reason: reason, Detail: detail})
	}
}
