package pipeline

import (
	"fmt"

	"github.com/millrace-go/millrace/task"
)

// Incomplete is a site that waits in vain.
type Incomplete struct {
	Position
	Channels []int  `msgpack:"channels"`          // that are there
	Missing  []int  `msgpack:"missing,omitempty"` // that are not; empty if the experiment is unknown
	Unknown  bool   `msgpack:"unknown,omitempty"` // the experiment's metadata is not there either
	Failed   string `msgpack:"failed,omitempty"`  // all channels are there: why their features are not
}

// Reason says it for people, and what to do.
func (i Incomplete) Reason() string {
	switch {
	case i.Failed != "":
		return i.Failed
	case i.Unknown:
		return fmt.Sprintf("channels %d are there, but not the metadata of experiment %s: publish it", i.Channels, i.Experiment)
	case len(i.Missing) == 0:
		return fmt.Sprintf("experiment %s expects no channels: publish its metadata again", i.Experiment)
	default:
		return fmt.Sprintf("channels %d are missing: publish them", i.Missing)
	}
}

// failedSite is a site that the workers gave up.
func failedSite(d task.Dead[Site]) Incomplete {
	i := Incomplete{Position: d.Body.Position, Failed: fmt.Sprintf("given up after attempt %d (%s): %s", d.Attempts, d.Reason, d.Error)}
	for channel := range d.Body.Paths {
		i.Channels = append(i.Channels, channel+1)
	}
	return i
}

// Unused tells of images of a site that were measured and not used.
type Unused struct {
	Position
	Duplicates int    `msgpack:"duplicates,omitempty"` // images of a channel that was there already
	Path       string `msgpack:"path,omitempty"`       // of the last of them
	Channels   []int  `msgpack:"channels,omitempty"`   // that the experiment does not have
}
