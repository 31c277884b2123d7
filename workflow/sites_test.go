package workflow_test

import (
	"maps"
	"slices"
	"time"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/task"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
	"github.com/millrace-go/millrace/workflow"
)

// What the talk's document names: images of the channels of sites, grouped to sites that are complete.
type (
	Image struct {
		Experiment    string
		Site, Channel int64
		Path          string
	}
	Experiment struct{ Channels int }
	Progress   struct {
		Experiment string
		Site       int64
		Paths      map[int64]string // by channel
		Complete   bool
	}
	SiteJob  struct{ Paths []string }
	Features struct{ Means []float64 }
)

var (
	Images      = topology.NewTopic[string, Image]("images_channels")
	Experiments = topology.NewTopic[string, Experiment]("experiment_metadata")
	Extracted   = topology.NewTopic[int64, Features]("extracted_features")

	ExtractFeatures = task.Define[SiteJob, Features]("extract-features")
)

func registry() *workflow.Registry {
	reg := workflow.NewRegistry()
	reg.Topic(Images)
	reg.Topic(Experiments)
	reg.Topic(Extracted)
	reg.Function("aggregations/images-site-grouping", groupBySite)
	reg.Task[int64](ExtractFeatures)
	reg.Schema[SiteJob]("job_site_level")
	return reg
}

// groupBySite gives each site once all of its experiment's channels are there.
func groupBySite(images *stream.Stream[string, Image], experiments *table.Table[string, Experiment]) *stream.Stream[int64, SiteJob] {
	progress := images.
		GroupBy(siteOf, topology.As("by-site")).
		WindowedBySession(window.Session(4*time.Hour, 24*time.Hour)).
		Aggregate(newProgress, Progress.Observe, Progress.Merge, topology.As("progress"))
	return stream.Changes(progress).
		SelectKey(experimentOf).
		JoinTable(experiments, Progress.MarkComplete, topology.As("by-experiment")).
		Filter(complete).
		SelectKey(siteKey).
		MapValues(Progress.Job)
}

func siteOf(_ string, i Image) int64                      { return i.Site }
func experimentOf(_ window.Key[int64], p Progress) string { return p.Experiment }
func complete(_ string, p Progress) bool                  { return p.Complete }
func siteKey(_ string, p Progress) int64                  { return p.Site }
func newProgress() Progress                               { return Progress{} }
func (p Progress) MarkComplete(e Experiment) Progress {
	p.Complete = len(p.Paths) == e.Channels
	return p
}

func (p Progress) Observe(site int64, i Image) Progress {
	return p.with(i.Experiment, site, i.Channel, i.Path)
}

func (p Progress) Merge(site int64, o Progress) Progress {
	for channel, path := range o.Paths {
		p = p.with(o.Experiment, site, channel, path)
	}
	return p
}

func (p Progress) with(experiment string, site, channel int64, path string) Progress {
	if p.Paths == nil {
		p.Paths = map[int64]string{}
	}
	p.Experiment, p.Site = experiment, site
	p.Paths[channel] = path
	return p
}

func (p Progress) Job() SiteJob {
	var job SiteJob
	for _, channel := range slices.Sorted(maps.Keys(p.Paths)) {
		job.Paths = append(job.Paths, p.Paths[channel])
	}
	return job
}
