package brokertest

import (
	"context"
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
	c := client(t, bootstrap, kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), kgo.DefaultProduceTopic(topic), kgo.ProducerLinger(0))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for chunk := range slices.Chunk(records, few) {
			if err := c.ProduceSync(t.Context(), wire(chunk)...).FirstErr(); err != nil {
				if t.Context().Err() != nil {
					return
				}
				t.Errorf("brokertest: feed topic %s on %s: %v", topic, bootstrap, err)
				return
			}
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
