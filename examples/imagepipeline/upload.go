package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-go/millrace/examples/imagepipeline/pipeline"
)

// uploader publishes a source.
type uploader struct {
	cl       *kgo.Client
	topics   pipeline.Topics
	src      source
	reported <-chan pipeline.SiteID // sites that have been reported incomplete
}

// run publishes the images' events in shuffled order, each experiment's metadata
// when some of them are out, the last experiment's after all of them, and then
// the late images as their sites are reported.
func (u *uploader) run(ctx context.Context) error {
	late := map[pipeline.ImageID]bool{}
	for _, i := range u.src.late {
		late[i.ImageID()] = true
	}
	events := slices.Concat(u.src.images, u.src.again)
	events = slices.DeleteFunc(events, func(i pipeline.Image) bool { return late[i.ImageID()] })
	rand.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })

	experiments := slices.Sorted(maps.Keys(u.src.experiments))
	for n, id := range experiments {
		until := len(events) * (n + 1) / len(experiments)
		if err := u.images(ctx, events[len(events)*n/len(experiments):until]); err != nil {
			return err
		}
		if err := u.metadata(ctx, id); err != nil {
			return err
		}
	}
	return u.stragglers(ctx)
}

func (u *uploader) images(ctx context.Context, images []pipeline.Image) error {
	records := make([]*kgo.Record, len(images))
	for n, i := range images {
		var err error
		if records[n], err = encode(u.topics.Images, i.ImageID(), i); err != nil {
			return fmt.Errorf("event of %s: %w", i.Path, err)
		}
	}
	if err := u.cl.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return fmt.Errorf("publish images: %w", err)
	}
	return nil
}

func (u *uploader) metadata(ctx context.Context, id pipeline.ExperimentID) error {
	r, err := encode(u.topics.Metadata, id, u.src.experiments[id])
	if err == nil {
		err = u.cl.ProduceSync(ctx, r).FirstErr()
	}
	if err != nil {
		return fmt.Errorf("publish the metadata of %s: %w", id, err)
	}
	return nil
}

// stragglers publishes each late image when its site has been reported.
func (u *uploader) stragglers(ctx context.Context) error {
	waiting := map[pipeline.SiteID]pipeline.Image{}
	for _, i := range u.src.late {
		waiting[i.SiteID()] = i
	}
	for len(waiting) > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case id := <-u.reported:
			i, there := waiting[id]
			if !there {
				continue
			}
			if err := u.images(ctx, []pipeline.Image{i}); err != nil {
				return err
			}
			delete(waiting, id)
		}
	}
	return nil
}
