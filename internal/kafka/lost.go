package kafka

import (
	"errors"
	"fmt"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/millrace-go/millrace/internal/transport"
)

// lost explains a position that its partition does not hold. The event does not say of which partition it is (the Go client
// keeps that to itself), so all that are assigned are compared with what the broker has.
func (f *fetcher) lost(e kafka.Error) error {
	var errs []error
	for _, p := range f.positions() {
		what := fmt.Sprintf("read topic %s, partition %d", *p.Topic, p.Partition)
		first, end, err := f.c.QueryWatermarkOffsets(*p.Topic, p.Partition, int(answerPatience.Milliseconds()))
		switch at := int64(p.Offset); {
		case err != nil:
			errs = append(errs, wrap(what, err))
		case at >= 0 && at < first:
			errs = append(errs, fmt.Errorf("kafka: %s: %w: offset %d is next and %d is the first there is: records were deleted before they were read: "+
				"raise retention.ms and retention.bytes of the topic; started again, the application goes on from the first record", what, transport.ErrPosition, at, first))
		case at > end:
			errs = append(errs, fmt.Errorf("kafka: %s: %w: offset %d is next and the topic ends at %d: it was made anew, or has lost its end: "+
				"reset the application (millrace reset), or start it again as it is, to go on from the first record", what, transport.ErrPosition, at, end))
		}
	}
	if errs == nil { // gone in between
		return wrap("read one of the partitions", e)
	}
	return errors.Join(errs...)
}

// positions are those from which the assigned partitions would be read on.
func (f *fetcher) positions() []kafka.TopicPartition {
	now, err := f.c.Position(f.from)
	if err != nil {
		return f.from
	}
	for i, p := range now {
		if p.Offset < 0 { // nothing was read of it since it was assigned
			now[i].Offset = f.from[i].Offset
		}
	}
	return now
}
