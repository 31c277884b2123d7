package pipeline

import (
	"context"
	"fmt"

	"github.com/millrace-go/millrace/examples/imagepipeline/imaging"
	"github.com/millrace-go/millrace/task"
)

// Site is a complete site, and the task that is made of it.
type Site struct {
	Position
	Paths []string `msgpack:"paths"` // in the order of the channels
}

// SiteFeatures is what a worker makes of a Site.
type SiteFeatures struct {
	Position
	Features
}

// Extract is the work of a worker: it reads the site's images and measures and
// compares them. Images that do not fit together are an error that no attempt
// cures; a file that cannot be read may be there the next time.
func Extract(ctx context.Context, s Site) (SiteFeatures, error) {
	out := SiteFeatures{Position: s.Position}
	images := make([]*imaging.Image, len(s.Paths))
	for i, path := range s.Paths {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		img, err := imaging.Read(path)
		if err != nil {
			return out, fmt.Errorf("pipeline: site %s, channel %d: %w", s.SiteID(), i+1, err)
		}
		images[i] = img
		out.Channels = append(out.Channels, featuresOf(imaging.Measure(img)))
	}
	for i, a := range images {
		for j := i + 1; j < len(images); j++ {
			r, err := imaging.Pearson(a, images[j])
			if err != nil {
				return out, task.Permanent(fmt.Errorf("pipeline: site %s, channels %d and %d: %w: have the site's images of one size",
					s.SiteID(), i+1, j+1, err))
			}
			out.Pearson = append(out.Pearson, r)
		}
	}
	return out, nil
}
