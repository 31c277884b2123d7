package pipeline

import (
	"maps"
	"slices"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

// WellFeatures are the medians over a well's sites.
type WellFeatures struct {
	Position
	Sites []int `msgpack:"sites"` // that they rest on
	Features
}

// wellProgress gathers a well's sites.
type wellProgress struct {
	Position
	Sites map[int]Features `msgpack:"sites"`
	Want  int              `msgpack:"want,omitempty"`
}

func (p wellProgress) observe(s SiteFeatures) wellProgress {
	if p.Sites == nil {
		p.Position, p.Sites = s.Position, map[int]Features{}
		p.Site = 0
	}
	p.Sites[s.Site] = s.Features
	return p
}

func (p wellProgress) merge(o wellProgress) wellProgress {
	if p.Sites == nil {
		return o
	}
	maps.Copy(p.Sites, o.Sites)
	return p
}

func (p wellProgress) expect(e Experiment) wellProgress {
	p.Want = e.SitesPerWell
	return p
}

func (p wellProgress) complete() bool { return p.Want > 0 && len(p.Sites) >= p.Want }

func (p wellProgress) features() WellFeatures {
	w := WellFeatures{Position: p.Position, Sites: slices.Sorted(maps.Keys(p.Sites))}
	var all []Features
	for _, site := range w.Sites {
		all = append(all, p.Sites[site])
	}
	w.Features = Median(all...)
	return w
}

// wells is the stream of complete wells.
func wells(features *stream.Stream[SiteID, SiteFeatures], experiments *table.Table[ExperimentID, Experiment]) *stream.Stream[WellID, WellFeatures] {
	progress := features.
		GroupBy(func(_ SiteID, s SiteFeatures) WellID { return s.WellID() }, topology.As("by-well")).
		WindowedBySession(runs()).
		Aggregate(func() wellProgress { return wellProgress{} },
			func(p wellProgress, _ WellID, s SiteFeatures) wellProgress { return p.observe(s) },
			func(p wellProgress, _ WellID, o wellProgress) wellProgress { return p.merge(o) },
			topology.As("well-progress"), topology.EmitOnCommit())
	expected := progress.ForeignKeyJoin(experiments, wellProgress.ExperimentID, wellProgress.expect, topology.As("well-progress-expected"))
	return once(stream.Changes(expected), "wells-done", wellProgress.complete).MapValues(wellProgress.features)
}
