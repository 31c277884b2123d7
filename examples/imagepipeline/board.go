package main

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-go/millrace/examples/imagepipeline/pipeline"
	"github.com/millrace-go/millrace/topology"
)

// board is what has come out of the pipeline so far.
type board struct {
	topics pipeline.Topics

	images     map[pipeline.ImageID]bool // measured
	sites      map[pipeline.SiteID]bool  // complete
	features   map[pipeline.SiteID]pipeline.SiteFeatures
	wells      map[pipeline.WellID]pipeline.WellFeatures
	plates     map[pipeline.PlateID]pipeline.PlateFeatures
	incomplete map[pipeline.SiteID]pipeline.Incomplete // now
	reported   map[pipeline.SiteID]bool                // ever
	unused     map[pipeline.SiteID]pipeline.Unused
	twice      int // what should come out once and came again
}

func newBoard(t pipeline.Topics) *board {
	return &board{
		topics: t, images: map[pipeline.ImageID]bool{}, sites: map[pipeline.SiteID]bool{},
		features: map[pipeline.SiteID]pipeline.SiteFeatures{}, wells: map[pipeline.WellID]pipeline.WellFeatures{},
		plates: map[pipeline.PlateID]pipeline.PlateFeatures{}, incomplete: map[pipeline.SiteID]pipeline.Incomplete{},
		reported: map[pipeline.SiteID]bool{}, unused: map[pipeline.SiteID]pipeline.Unused{},
	}
}

// reads are the topics that the board is made of.
func (b *board) reads() []string {
	t := b.topics
	return []string{t.Metrics.Name, t.Sites.Name, t.SiteFeatures.Name, t.WellFeatures.Name, t.PlateFeatures.Name, t.Incomplete.Name, t.Unused.Name}
}

// take takes in a record of one of them.
func (b *board) take(r *kgo.Record) error {
	switch r.Topic {
	case b.topics.Metrics.Name:
		b.images[pipeline.ImageID(r.Key)] = true
	case b.topics.Sites.Name:
		b.once(b.sites[pipeline.SiteID(r.Key)])
		b.sites[pipeline.SiteID(r.Key)] = true
	case b.topics.SiteFeatures.Name:
		return put(b, b.topics.SiteFeatures, r, b.features)
	case b.topics.WellFeatures.Name:
		return put(b, b.topics.WellFeatures, r, b.wells)
	case b.topics.PlateFeatures.Name:
		return put(b, b.topics.PlateFeatures, r, b.plates)
	case b.topics.Incomplete.Name:
		key, report, err := decode(b.topics.Incomplete, r)
		if err != nil {
			return err
		}
		if delete(b.incomplete, key); r.Value != nil {
			b.incomplete[key], b.reported[key] = report, true
		}
	case b.topics.Unused.Name:
		key, unused, err := decode(b.topics.Unused, r)
		if err != nil {
			return err
		}
		b.unused[key] = unused
	default:
		return fmt.Errorf("a record of topic %s, which nobody asked for", r.Topic)
	}
	return nil
}

func (b *board) once(there bool) {
	if there {
		b.twice++
	}
}

// duplicates is how many images came again.
func (b *board) duplicates() int {
	n := 0
	for _, u := range b.unused {
		n += u.Duplicates
	}
	return n
}

// put is take for what comes out once for each key.
func put[K comparable, V any](b *board, t topology.Topic[K, V], r *kgo.Record, into map[K]V) error {
	key, value, err := decode(t, r)
	if err != nil {
		return err
	}
	_, there := into[key]
	b.once(there)
	into[key] = value
	return nil
}
