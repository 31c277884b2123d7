package pipeline

import (
	"context"
	"fmt"

	"github.com/millrace-go/millrace/examples/imagepipeline/imaging"
	"github.com/millrace-go/millrace/stream"
)

// measure opens the event's file. An error is about this event only, names the
// file and says what to do; the runtime adds topic, partition and offset.
func measure(ctx context.Context, r stream.Record[ImageID, Image]) (Measured, error) {
	switch {
	case r.Null:
		return Measured{}, fmt.Errorf("pipeline: %w: publish the image's position and path, or nothing", ErrNoImage)
	case r.NullKey:
		return Measured{}, fmt.Errorf("pipeline: %w: publish %s under %q", ErrNullKey, r.Value.Path, r.Value.ImageID())
	}
	if err := r.Value.check(); err != nil {
		return Measured{}, err
	}
	if err := ctx.Err(); err != nil {
		return Measured{}, err
	}
	img, err := imaging.Read(r.Value.Path)
	if err != nil {
		return Measured{}, fmt.Errorf("pipeline: image %s is left out: %w; publish its event again when the file is there", r.Value.ImageID(), err)
	}
	return Measured{Image: r.Value, Metrics: imaging.Measure(img)}, nil
}
