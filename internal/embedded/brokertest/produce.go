package brokertest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Record is one in a topic. To produce one, set what matters: Partition, Offset and an absent Timestamp are the broker's.
type Record struct {
	Partition  int32
	Offset     int64
	Key, Value []byte // nil is null
	Headers    []Header
	Timestamp  time.Time // in milliseconds
}

// Header is one of a record. Names may repeat.
type Header struct {
	Name  string
	Value []byte
}

// Produce writes records, in order, and waits until the broker has them. The partition is chosen by the key, as Kafka's
// own client does (murmur2).
func Produce(t testing.TB, bootstrap, topic string, records ...Record) {
	t.Helper()
	produce(t, bootstrap, topic, kgo.StickyKeyPartitioner(nil), records)
}

// ProduceTo writes records to the partitions that they name.
func ProduceTo(t testing.TB, bootstrap, topic string, records ...Record) {
	t.Helper()
	produce(t, bootstrap, topic, kgo.ManualPartitioner(), records)
}

// Feed writes records beside the test, a few at a time, each time waiting until the broker has them, so that whoever reads
// them stays in the middle of its work. wait waits until all are written; the test's end waits too, or cuts it short.
func Feed(t testing.TB, bootstrap, topic string, few int, records []Record) (wait func()) {
	t.Helper()
	return feed(t, bootstrap, topic, func(c *kgo.Client) error {
		for chunk := range slices.Chunk(records, few) {
			if err := c.ProduceSync(t.Context(), wire(chunk)...).FirstErr(); err != nil {
				return err
			}
		}
		return nil
	})
}

// tick is how often FeedAt writes.
const tick = 20 * time.Millisecond

// FeedAt is Feed at a fixed rate, whatever becomes of who reads: so many records a second.
func FeedAt(t testing.TB, bootstrap, topic string, rate int, records []Record) (wait func()) {
	t.Helper()
	return feed(t, bootstrap, topic, func(c *kgo.Client) error {
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		sent, batch := 0, wire(records)
		for start := time.Now(); sent < len(batch); {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-ticker.C:
			}
			for due := min(len(batch), int(time.Since(start).Seconds()*float64(rate))); sent < due; sent++ {
				c.Produce(ctx, batch[sent], func(_ *kgo.Record, err error) {
					if err != nil {
						cancel(err)
					}
				})
			}
		}
		return errors.Join(c.Flush(ctx), context.Cause(ctx))
	})
}

// feed runs a producer of its own until it is done or the test ends. One that lost its brokers waits for them.
func feed(t testing.TB, bootstrap, topic string, write func(*kgo.Client) error) (wait func()) {
	t.Helper()
	c := client(t, bootstrap, kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), kgo.DefaultProduceTopic(topic), kgo.ProducerLinger(0))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := write(c); err != nil && t.Context().Err() == nil {
			t.Errorf("brokertest: feed topic %s on %s: %v", topic, bootstrap, err)
		}
	}()
	wait = func() { <-done }
	t.Cleanup(wait)
	return wait
}

func produce(t testing.TB, bootstrap, topic string, by kgo.Partitioner, records []Record) {
	t.Helper()
	c := client(t, bootstrap, kgo.RecordPartitioner(by), kgo.DefaultProduceTopic(topic))
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.ProduceSync(ctx, wire(records)...).FirstErr(); err != nil {
		t.Fatalf("brokertest: produce %d records to topic %s on %s: %v", len(records), topic, bootstrap, err)
	}
}

func wire(records []Record) []*kgo.Record {
	batch := make([]*kgo.Record, len(records))
	for i, r := range records {
		batch[i] = &kgo.Record{Partition: r.Partition, Key: r.Key, Value: r.Value, Timestamp: r.Timestamp}
		for _, h := range r.Headers {
			batch[i].Headers = append(batch[i].Headers, kgo.RecordHeader{Key: h.Name, Value: h.Value})
		}
	}
	return batch
}
