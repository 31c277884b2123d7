package main

import (
	"context"
	"maps"
	"path/filepath"
	"slices"

	"github.com/millrace-go/millrace/examples/imagepipeline/pipeline"
	"github.com/millrace-go/millrace/examples/imagepipeline/plate"
	"github.com/millrace-go/millrace/examples/imagepipeline/synthetic"
)

// source is what there is to publish.
type source struct {
	images      []pipeline.Image
	experiments map[pipeline.ExperimentID]pipeline.Experiment
	// late are images, one of each plate that was made, whose events come only
	// when their sites have been reported incomplete; again are images whose
	// events come twice. Both are of images.
	late, again []pipeline.Image
}

// find looks for the images, or makes some.
func find(ctx context.Context, o options, s *screen) (source, error) {
	folder, made := o.images, o.images == ""
	if made {
		folder = filepath.Join(o.out, "images")
		w, err := synthetic.Write(ctx, folder, o.synthetic)
		if err != nil {
			return source{}, err
		}
		s.Printf("made       %d images of %d plates in %s", w.Images, len(w.Folders), folder)
	}
	survey, err := plate.Walk(folder, plate.Options{Experiment: o.experiment, Plate: o.plate})
	if err != nil {
		return source{}, err
	}
	for _, skip := range survey.Skipped[:min(len(survey.Skipped), 10)] {
		s.Printf("skipped    %s", skip)
	}
	if more := len(survey.Skipped) - 10; more > 0 {
		s.Printf("skipped    and %d more", more)
	}
	src := sourceOf(survey)
	if made {
		src.complicate()
		for id, e := range src.experiments {
			e.Stains = synthetic.Stains[:]
			src.experiments[id] = e
		}
	}
	s.Printf("found      %d images (%d thumbnails and %d other files left out)", len(src.images), survey.Counts[plate.Thumbnail],
		len(survey.Skipped)+survey.Counts[plate.OtherFile])
	return src, nil
}

func sourceOf(survey *plate.Survey) source {
	src := source{experiments: map[pipeline.ExperimentID]pipeline.Experiment{}}
	channels := map[pipeline.ExperimentID]map[int]bool{}
	for _, i := range survey.Images {
		at := pipeline.Position{Experiment: i.Experiment, Plate: i.Plate, Well: i.Well, Site: i.Site}
		src.images = append(src.images, pipeline.Image{Position: at, Channel: i.Channel, Path: i.Path})
		if channels[at.ExperimentID()] == nil {
			channels[at.ExperimentID()] = map[int]bool{}
		}
		channels[at.ExperimentID()][i.Channel] = true
	}
	for _, e := range survey.Experiments {
		id := pipeline.ExperimentID(e.Name)
		x := pipeline.Experiment{Channels: e.ChannelsPerSite, SitesPerWell: e.SitesPerWell, WellsPerPlate: e.WellsPerPlate}
		// Where sites differ in their channels, the numbers would ask for more than any site has.
		if numbers := slices.Sorted(maps.Keys(channels[id])); len(numbers) == x.Channels && numbers[len(numbers)-1] != x.Channels {
			x.Numbers = numbers
		}
		src.experiments[id] = x
	}
	return src
}

// complicate chooses what comes late and what comes again: the tenth image of
// each plate, and the three after it. The choice is the same in each run.
func (s *source) complicate() {
	plates := map[pipeline.PlateID]int{}
	for _, i := range s.images {
		n := plates[i.PlateID()]
		plates[i.PlateID()]++
		switch {
		case n == complicated:
			s.late = append(s.late, i)
		case n > complicated && n <= complicated+3:
			s.again = append(s.again, i)
		}
	}
}

const complicated = 9
