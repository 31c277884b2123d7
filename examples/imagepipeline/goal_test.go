package main

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/examples/imagepipeline/pipeline"
	"github.com/millrace-go/millrace/examples/imagepipeline/plate"
)

// A plate of one well of two sites of two channels.
func tiny() source {
	src := source{experiments: map[pipeline.ExperimentID]pipeline.Experiment{"e": {Channels: 2, SitesPerWell: 2, WellsPerPlate: 1}}}
	for n := range 4 {
		at := pipeline.Position{Experiment: "e", Plate: "p", Well: "B02", Site: 1 + n/2}
		src.images = append(src.images, pipeline.Image{Position: at, Channel: 1 + n%2, Path: fmt.Sprint(n)})
	}
	return src
}

// The run ends when nothing more is to come, and not before.
func TestGoal(t *testing.T) {
	t.Parallel()
	src := tiny()
	const site1, site2 = "e/p/B02/1", "e/p/B02/2"
	measured := func(b *board, n int) {
		for _, i := range src.images[:n] {
			b.images[i.ImageID()] = true
		}
	}
	all := func(b *board) {
		measured(b, 4)
		b.features[site1], b.features[site2] = pipeline.SiteFeatures{}, pipeline.SiteFeatures{}
		b.wells["e/p/B02"] = pipeline.WellFeatures{Experiment: "e", Plate: "p", Well: "B02"}
		b.plates["e/p"] = pipeline.PlateFeatures{Wells: []string{"B02"}}
	}
	last := src.images[3].ImageID()
	lacking := []string{"1 of 2 sites have no features", "plate e/p has 0 of 1 wells"}
	for _, c := range []struct {
		name    string
		board   func(*board)
		left    map[pipeline.ImageID]bool
		reached bool
		unmet   []string
	}{
		{"nothing", func(*board) {}, nil, false, []string{"2 of 2 sites have no features", "plate e/p has 0 of 1 wells"}},
		{"all", all, nil, true, nil},
		{"all, something twice", func(b *board) { all(b); b.twice = 1 }, nil, true, []string{"1 records came out twice"}},
		{"an image is not measured", func(b *board) { all(b); delete(b.images, last) }, nil, false, nil},
		{"a well is to come", func(b *board) { all(b); clear(b.wells); clear(b.plates) }, nil, false, []string{"plate e/p has 0 of 1 wells"}},
		{"a plate is to come", func(b *board) { all(b); clear(b.plates) }, nil, false, []string{"plate e/p has 1 of 1 wells"}},
		{"a plate came too early", func(b *board) { all(b); b.plates["e/p"] = pipeline.PlateFeatures{} }, nil, true, []string{"plate e/p came out with 0 of 1 wells"}},
		{"an image was left out, its site not reported yet", func(b *board) {
			measured(b, 3)
			b.features[site1] = pipeline.SiteFeatures{}
		}, map[pipeline.ImageID]bool{last: true}, false, append(lacking, "1 images were left out")},
		{"an image was left out, its site reported", func(b *board) {
			measured(b, 3)
			b.features[site1], b.incomplete[site2] = pipeline.SiteFeatures{}, pipeline.Incomplete{Channels: []int{1}, Missing: []int{2}}
		}, map[pipeline.ImageID]bool{last: true}, true, append(lacking, "1 images were left out")},
		{"a report without the metadata", func(b *board) {
			measured(b, 3)
			b.features[site1], b.incomplete[site2] = pipeline.SiteFeatures{}, pipeline.Incomplete{Channels: []int{1}, Unknown: true}
		}, map[pipeline.ImageID]bool{last: true}, false, append(lacking, "1 images were left out")},
		{"a report from before the last image", func(b *board) {
			measured(b, 4)
			b.features[site1], b.incomplete[site2] = pipeline.SiteFeatures{}, pipeline.Incomplete{Channels: []int{1}, Missing: []int{2}}
		}, nil, false, lacking},
		{"a site that the workers gave up", func(b *board) {
			measured(b, 4)
			b.features[site1], b.incomplete[site2] = pipeline.SiteFeatures{}, pipeline.Incomplete{Failed: "so"}
		}, nil, true, lacking},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g, b := goalOf(src), newBoard(pipeline.NewTopics(""))
			c.board(b)
			if got := g.reached(b, c.left); got != c.reached {
				t.Errorf("reached: %v, want %v", got, c.reached)
			}
			if diff := cmp.Diff(c.unmet, g.unmet(b, c.left)); diff != "" {
				t.Errorf("unmet (-want +got):\n%s", diff)
			}
		})
	}
}

// What the folders hold becomes what the experiment expects.
func TestSourceOf(t *testing.T) {
	t.Parallel()
	survey := func(channels ...int) *plate.Survey {
		s := &plate.Survey{Experiments: []plate.Experiment{{Name: "e", ChannelsPerSite: 2, SitesPerWell: 1, WellsPerPlate: 1}}}
		for _, c := range channels {
			s.Images = append(s.Images, plate.Image{Well: "B02", Site: c, Channel: c, Experiment: "e", Plate: "p"})
		}
		return s
	}
	for _, c := range []struct {
		name     string
		channels []int
		want     []int
	}{
		{"from 1", []int{2, 1}, nil},
		{"with a gap", []int{4, 2}, []int{2, 4}},
		{"more than a site has", []int{1, 2, 3}, nil},
	} {
		got := sourceOf(survey(c.channels...)).experiments["e"]
		want := pipeline.Experiment{Channels: 2, SitesPerWell: 1, WellsPerPlate: 1, Numbers: c.want}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// Events from outside are left out, each counted once; what fails inside stops the application.
func TestPolicy(t *testing.T) {
	t.Parallel()
	topics := pipeline.NewTopics("x-")
	l := newLeftOut(topics)
	for range 2 { // the transaction is done again
		for offset, key := range []string{"a", "b"} {
			f := millrace.Failure{Topic: topics.Images.Name, Partition: 1, Offset: int64(offset), Key: []byte(key)}
			if got := l.policy(f); got != millrace.Drop {
				t.Errorf("verdict %v, want Drop", got)
			}
		}
	}
	if got := l.policy(millrace.Failure{Topic: "x-imagepipeline-by-site-repartition"}); got != millrace.Stop {
		t.Errorf("verdict %v, want Stop", got)
	}
	n, ids := l.counts()
	if diff := cmp.Diff(map[pipeline.ImageID]bool{"a": true, "b": true}, ids); n != 2 || diff != "" {
		t.Errorf("%d events, want 2; images (-want +got):\n%s", n, diff)
	}
}
