package pipeline

import (
	"github.com/millrace-go/millrace/task"
	"github.com/millrace-go/millrace/topology"
)

// Topics are the topics of one pipeline, and the task that it hands out. All of
// them are the user's to create: see [Topics.Specs].
type Topics struct {
	Prefix string

	Images   topology.Topic[ImageID, Image]           // in: an event for each image
	Metadata topology.Topic[ExperimentID, Experiment] // in: what to expect; compacted

	Metrics       topology.Topic[ImageID, Measured]      // each image, measured
	Sites         topology.Topic[SiteID, Site]           // sites whose images are all there, each once
	SiteFeatures  topology.Topic[SiteID, SiteFeatures]   // what the workers made of them
	WellFeatures  topology.Topic[WellID, WellFeatures]   // wells whose sites are all there
	PlateFeatures topology.Topic[PlateID, PlateFeatures] // plates whose wells are all there

	// Incomplete has a site that waits in vain, and a null when it does no
	// longer; Unused has the sites some of whose images were not used. Both are
	// compacted: they hold what is so now.
	Incomplete topology.Topic[SiteID, Incomplete]
	Unused     topology.Topic[SiteID, Unused]

	Extract task.Task[Site, SiteFeatures]
}

// NewTopics names the topics. The prefix lets several pipelines share a broker;
// it may be empty.
func NewTopics(prefix string) Topics {
	return Topics{
		Prefix:        prefix,
		Images:        topology.NewTopic[ImageID, Image](prefix + "images_channels"),
		Metadata:      topology.NewTopic[ExperimentID, Experiment](prefix + "experiment_metadata"),
		Metrics:       topology.NewTopic[ImageID, Measured](prefix + "images_metrics"),
		Sites:         topology.NewTopic[SiteID, Site](prefix + "images_site"),
		SiteFeatures:  topology.NewTopic[SiteID, SiteFeatures](prefix + "site_features"),
		WellFeatures:  topology.NewTopic[WellID, WellFeatures](prefix + "well_features"),
		PlateFeatures: topology.NewTopic[PlateID, PlateFeatures](prefix + "plate_features"),
		Incomplete:    topology.NewTopic[SiteID, Incomplete](prefix + "incomplete_sites"),
		Unused:        topology.NewTopic[SiteID, Unused](prefix + "unused_images"),
		Extract:       task.Define[Site, SiteFeatures](prefix + "extract-site-level-features"),
	}
}

// App is the application's id: its consumer group, and the prefix of its
// internal topics.
func (t Topics) App() string { return t.Prefix + "imagepipeline" }

// Spec is a topic to create.
type Spec struct {
	Name    string
	Compact bool // keep the latest of each key for ever, and not all of the last days
}

// Specs are the topics to create, all with the same number of partitions: how
// many images are measured at once, over all instances.
func (t Topics) Specs() []Spec {
	specs := []Spec{
		{Name: t.Images.Name},
		{Name: t.Metadata.Name, Compact: true},
		{Name: t.Metrics.Name},
		{Name: t.Sites.Name},
		{Name: t.SiteFeatures.Name},
		{Name: t.WellFeatures.Name},
		{Name: t.PlateFeatures.Name},
		{Name: t.Incomplete.Name, Compact: true},
		{Name: t.Unused.Name, Compact: true},
	}
	for _, name := range t.Extract.Topics() {
		specs = append(specs, Spec{Name: name})
	}
	return specs
}
