package plate

import (
	"cmp"
	"maps"
	"slices"
)

// Experiment is what to expect of an experiment's plates: each count is that of
// the fullest site, well and plate found. Not the usual one: with it, a site
// with more images would count as complete too early and lose some, silently;
// with the fullest, a site with fewer stays incomplete and is reported.
type Experiment struct {
	Name   string
	Plates []string // sorted

	ChannelsPerSite int
	SitesPerWell    int
	WellsPerPlate   int
}

// experiments derives the expectations from the images, or from opts.
func experiments(images []Image, opts Options) []Experiment {
	type plate struct{ experiment, name string }
	type well struct {
		plate plate
		name  string
	}
	type site struct {
		well   well
		number int
	}
	channels := map[site]int{} // images are unique, so one per channel
	sites, wells := map[well]int{}, map[plate]int{}
	for _, img := range images {
		channels[site{well{plate{img.Experiment, img.Plate}, img.Well}, img.Site}]++
	}
	for s := range channels {
		sites[s.well]++
	}
	for w := range sites {
		wells[w.plate]++
	}

	found := map[string]*Experiment{}
	for p, n := range wells {
		if found[p.experiment] == nil {
			found[p.experiment] = &Experiment{Name: p.experiment}
		}
		e := found[p.experiment]
		e.Plates = append(e.Plates, p.name)
		e.WellsPerPlate = max(e.WellsPerPlate, n)
	}
	for w, n := range sites {
		e := found[w.plate.experiment]
		e.SitesPerWell = max(e.SitesPerWell, n)
	}
	for s, n := range channels {
		e := found[s.well.plate.experiment]
		e.ChannelsPerSite = max(e.ChannelsPerSite, n)
	}

	var all []Experiment
	for _, name := range slices.Sorted(maps.Keys(found)) {
		e := *found[name]
		slices.Sort(e.Plates)
		e.ChannelsPerSite = cmp.Or(opts.ChannelsPerSite, e.ChannelsPerSite)
		e.SitesPerWell = cmp.Or(opts.SitesPerWell, e.SitesPerWell)
		e.WellsPerPlate = cmp.Or(opts.WellsPerPlate, e.WellsPerPlate)
		all = append(all, e)
	}
	return all
}
