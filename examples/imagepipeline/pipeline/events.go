package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-go/millrace/examples/imagepipeline/imaging"
)

// MaxChannel is the highest channel that an event may name: more than any
// microscope has filters for.
const MaxChannel = 32

// Image is the event of one image: a channel of a site, in a file.
type Image struct {
	Position
	Channel int    `msgpack:"channel"` // from 1
	Path    string `msgpack:"path"`    // as the measuring programs see it
}

// ImageID is the image's key.
func (i Image) ImageID() ImageID {
	return ImageID(string(i.SiteID()) + "/" + strconv.Itoa(i.Channel))
}

// What can be wrong with an event of an image.
var (
	ErrNullKey        = errors.New("the event has no key")
	ErrNoImage        = errors.New("the event has no value")
	ErrUnknownPlace   = errors.New("the event does not say where the image was taken")
	ErrUnknownChannel = errors.New("unknown channel")
)

// check reports what is wrong with an event before its file is opened.
func (i Image) check() error {
	for _, name := range []string{i.Experiment, i.Plate, i.Well} {
		// A slash would make two keys of one, and one of two.
		if name == "" || strings.Contains(name, "/") {
			return fmt.Errorf("pipeline: %w: experiment %q, plate %q, well %q of %s: give each a name without slashes",
				ErrUnknownPlace, i.Experiment, i.Plate, i.Well, i.Path)
		}
	}
	if i.Site < 1 {
		return fmt.Errorf("pipeline: %w: site %d of %s: sites count from 1", ErrUnknownPlace, i.Site, i.Path)
	}
	if i.Channel < 1 || i.Channel > MaxChannel {
		return fmt.Errorf("pipeline: %w %d of %s: channels count from 1, to %d", ErrUnknownChannel, i.Channel, i.Path, MaxChannel)
	}
	return nil
}

// Measured is an image with its measurements.
type Measured struct {
	Image   Image           `msgpack:"image"`
	Metrics imaging.Metrics `msgpack:"metrics"`
}

// Experiment is the metadata of an experiment: what to expect of its plates.
type Experiment struct {
	Channels      int `msgpack:"channels"`      // of each site
	SitesPerWell  int `msgpack:"sitesPerWell"`  // of each well
	WellsPerPlate int `msgpack:"wellsPerPlate"` // of each plate
	// Numbers are the channels' numbers, where they are not 1 to Channels: a
	// microscope may leave some out. It may be empty.
	Numbers []int `msgpack:"numbers,omitempty"`
	// Stains names the channels for people, in the order of their numbers. It
	// may be empty.
	Stains []string `msgpack:"stains,omitempty"`
}

// channels are the numbers of the channels of each site. It is never nil.
func (e Experiment) channels() []int {
	if len(e.Numbers) > 0 {
		return slices.Sorted(slices.Values(e.Numbers))
	}
	channels := make([]int, 0, MaxChannel)
	for channel := 1; channel <= min(e.Channels, MaxChannel); channel++ {
		channels = append(channels, channel)
	}
	return channels
}
