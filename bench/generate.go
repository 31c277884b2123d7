package bench

import (
	"fmt"
	"math/rand/v2"

	"github.com/millrace-go/millrace/serde"
)

// Experiment is the one that a plate belongs to: two plates each.
func Experiment(plate int) string { return fmt.Sprintf("E%05d", plate/2) }

// Plate makes the images of a plate, ten a second from start (ms since the epoch) on: site after site, channel after
// channel, or shuffled.
func Plate(plate int, start int64, shuffled bool) []Image {
	images := make([]Image, ImagesPerPlate)
	for n := range images {
		channel, site, well := n%Channels, n/Channels%Sites, n/(Channels*Sites)
		i := Image{
			Experiment: Experiment(plate), Plate: fmt.Sprintf("P%06d", plate), Well: fmt.Sprintf("%c%02d", 'B'+well/22, 2+well%22),
			Site: site + 1, Channel: channel + 1, TS: start + int64(plate*ImagesPerPlate+n)*100,
		}
		r := rand.New(rand.NewPCG(uint64(plate), uint64(n)))
		i.Path = fmt.Sprintf("s3://raw-images/%s/%s/%s/s%d_w%d_%016x%016x.tif", i.Experiment, i.Plate, i.Well, i.Site, i.Channel, r.Uint64(), r.Uint64())
		images[n] = i
	}
	if shuffled {
		r := rand.New(rand.NewPCG(uint64(plate), 1))
		r.Shuffle(len(images), func(a, b int) { images[a], images[b] = images[b], images[a] })
	}
	return images
}

// ImageID is the key of an image: its site's, and the channel.
func (i Image) ImageID() string { return fmt.Sprintf("%s/%d", i.SiteID(), i.Channel) }

// Event is a record of an input topic: its bytes, and its time in ms since the epoch.
type Event struct {
	Key, Value []byte
	TS         int64
}

// PlateEvents are the events of a plate's images: see [Plate].
func PlateEvents(plate int, start int64, shuffled bool) ([]Event, error) {
	events := make([]Event, 0, ImagesPerPlate)
	for _, i := range Plate(plate, start, shuffled) {
		value, err := imageSerde{}.Append(nil, i)
		if err != nil {
			return nil, err
		}
		events = append(events, Event{[]byte(i.ImageID()), value, i.TS})
	}
	return events, nil
}

// MetadataEvent is the event of the metadata of a plate's experiment.
func MetadataEvent(plate int, start int64) (Event, error) {
	value, err := serde.MsgPack[Metadata]().Append(nil, Metadata{NumChannels: Channels})
	return Event{[]byte(Experiment(plate)), value, start}, err
}
