package pipeline

import (
	"time"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/task"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// A plate is imaged in one go. Images of a site that are further apart than the
// gap are of two runs, and each run is complete by itself; an image may come as
// late as the grace.
const (
	gap   = 24 * time.Hour
	grace = 24 * time.Hour
)

func runs() window.SessionWindow { return window.Session(gap, grace) }

// Options tune a pipeline. The zero value is for microscopes.
type Options struct {
	// Idle is how long, by the wall clock, no image of a plate may come until
	// its incomplete sites are reported. Default 10 minutes.
	Idle time.Duration
	// Extract says how the workers' answers are waited for.
	Extract task.Options
}

// Build draws the topology. What is published once complete is published once,
// whatever comes again, and in whatever order images and metadata come.
//
// Images that cannot be used are errors of the operator "measure": run it with a
// millrace.Config whose OnProcessError is Skip, or a function that counts.
func Build(t Topics, o Options) (*topology.Topology, error) {
	if o.Idle <= 0 {
		o.Idle = 10 * time.Minute
	}
	b := topology.New(t.App())
	experiments := table.From(b, t.Metadata, topology.As("experiments"))

	measured := stream.From(b, t.Images).ProcessValues(measure, topology.As("measure"))
	measured.To(t.Metrics)

	// Tables are joined, and not the stream with the table: a site whose metadata
	// comes last would be lost otherwise.
	progress := measured.
		MapValues(func(m Measured) Image { return m.Image }).
		GroupBy(func(_ ImageID, i Image) SiteID { return i.SiteID() }, topology.As("by-site")).
		WindowedBySession(runs()).
		Aggregate(newProgress,
			func(p Progress, _ SiteID, i Image) Progress { return p.Observe(i) },
			func(p Progress, _ SiteID, o Progress) Progress { return p.Merge(o) },
			topology.As("progress"), topology.EmitOnCommit())
	expected := progress.ForeignKeyJoin(experiments, Progress.ExperimentID, Progress.MarkCompleted, topology.As("progress-expected"))

	sites := once(stream.Changes(expected), "sites-done", Progress.Complete).MapValues(Progress.site)
	sites.To(t.Sites)
	features := task.External(sites, t.Extract, o.Extract)
	features.To(t.SiteFeatures)

	wells := wells(features, experiments)
	wells.To(t.WellFeatures)
	plates(wells, experiments).To(t.PlateFeatures)

	report(t, o, b, stream.Changes(progress).Merge(stream.Changes(expected)))
	return b.Build()
}

// report draws what tells of images and sites that came to nothing.
func report(t Topics, o Options, b *topology.Builder, progress *stream.Stream[window.Key[SiteID], Progress]) {
	failed := stream.From(b, t.Extract.DeadLetters[SiteID]()).MapValues(failedSite)
	watch(progress, o.Idle).Merge(failed).To(t.Incomplete)

	progress.
		MapValues(Progress.unused).
		Filter(func(_ window.Key[SiteID], u Unused) bool { return u.Duplicates > 0 || len(u.Channels) > 0 }).
		SelectKey(func(k window.Key[SiteID], _ Unused) SiteID { return k.Key }).
		To(t.Unused)
}
