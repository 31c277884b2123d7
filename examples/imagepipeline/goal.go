package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/millrace-go/millrace/examples/imagepipeline/pipeline"
)

// goal is what is to come out of a source.
type goal struct {
	experiments map[pipeline.ExperimentID]pipeline.Experiment
	images      map[pipeline.ImageID]bool
	sites       map[pipeline.SiteID]site
	wells       map[pipeline.WellID]pipeline.Position
	plates      map[pipeline.PlateID]pipeline.Position
}

// site is one with its images.
type site struct {
	at     pipeline.Position
	images []pipeline.ImageID
}

func goalOf(src source) *goal {
	g := &goal{
		experiments: src.experiments, images: map[pipeline.ImageID]bool{}, sites: map[pipeline.SiteID]site{},
		wells: map[pipeline.WellID]pipeline.Position{}, plates: map[pipeline.PlateID]pipeline.Position{},
	}
	for _, i := range src.images {
		g.images[i.ImageID()] = true
		s := g.sites[i.SiteID()]
		g.sites[i.SiteID()] = site{i.Position, append(s.images, i.ImageID())}
		g.wells[i.WellID()] = i.Position
		g.plates[i.PlateID()] = i.Position
	}
	return g
}

// reached says whether nothing more is to come: every image is measured or left
// out, every site has its features or is known to stay without them, and what
// follows from the sites is there.
func (g *goal) reached(b *board, left map[pipeline.ImageID]bool) bool {
	for id := range g.images {
		if !b.images[id] && !left[id] {
			return false
		}
	}
	inWell, inPlate := map[pipeline.WellID]int{}, map[pipeline.PlateID]int{}
	for id, s := range g.sites {
		if _, done := b.features[id]; done {
			inWell[s.at.WellID()]++
		} else if !s.hopeless(b, id) {
			return false
		}
	}
	for id, at := range g.wells {
		if inWell[id] < g.experiments[at.ExperimentID()].SitesPerWell {
			continue
		}
		if _, done := b.wells[id]; !done {
			return false
		}
		inPlate[at.PlateID()]++
	}
	for id, at := range g.plates {
		if _, done := b.plates[id]; !done && inPlate[id] >= g.experiments[at.ExperimentID()].WellsPerPlate {
			return false
		}
	}
	return true
}

// hopeless says whether a site is known to stay incomplete. A report that is
// older than the site's last image says nothing.
func (s site) hopeless(b *board, id pipeline.SiteID) bool {
	report, there := b.incomplete[id]
	if !there || report.Failed != "" {
		return there
	}
	measured := 0
	for _, image := range s.images {
		if b.images[image] {
			measured++
		}
	}
	return !report.Unknown && len(report.Channels) >= measured
}

// unmet lists what did not come out as it should have; it is empty if all did.
func (g *goal) unmet(b *board, left map[pipeline.ImageID]bool) []string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if n := len(g.sites) - g.complete(b); n > 0 {
		add("%d of %d sites have no features", n, len(g.sites))
	}
	for _, id := range slices.Sorted(maps.Keys(g.plates)) {
		want := g.experiments[g.plates[id].ExperimentID()].WellsPerPlate
		plate, done := b.plates[id]
		switch n := g.wellsOf(b, id); {
		case !done:
			add("plate %s has %d of %d wells", id, n, want)
		case len(plate.Wells) != want:
			add("plate %s came out with %d of %d wells", id, len(plate.Wells), want)
		}
	}
	if n := len(left); n > 0 {
		add("%d images were left out", n)
	}
	if b.twice > 0 {
		add("%d records came out twice", b.twice)
	}
	return lines
}

// complete counts the sites that have their features.
func (g *goal) complete(b *board) int {
	n := 0
	for id := range g.sites {
		if _, done := b.features[id]; done {
			n++
		}
	}
	return n
}

// wellsOf counts a plate's complete wells.
func (g *goal) wellsOf(b *board, id pipeline.PlateID) int {
	n := 0
	for _, well := range b.wells {
		if well.PlateID() == id {
			n++
		}
	}
	return n
}
