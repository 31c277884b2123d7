package embedded_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// soon is when anything on a broker should have happened, however busy the machine is.
const soon = 30 * time.Second

// settings of a client, of which later ones win.
func settings(bootstrap string, more ...kafka.ConfigMap) *kafka.ConfigMap {
	all := kafka.ConfigMap{"bootstrap.servers": bootstrap, "enable.metrics.push": false}
	for _, m := range more {
		maps.Copy(all, m)
	}
	return &all
}

func newProducer(t *testing.T, bootstrap string, more ...kafka.ConfigMap) *kafka.Producer {
	t.Helper()
	p, err := kafka.NewProducer(settings(bootstrap, more...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func newConsumer(t *testing.T, bootstrap, group string, more ...kafka.ConfigMap) *kafka.Consumer {
	t.Helper()
	c := openConsumer(t, bootstrap, group, more...)
	t.Cleanup(func() { c.Close() })
	return c
}

// openConsumer leaves closing to the test. Close of a consumer with a fatal error never returns: librdkafka refuses to
// close it, and confluent's client polls until it is closed. Such a consumer ends with the process.
func openConsumer(t *testing.T, bootstrap, group string, more ...kafka.ConfigMap) *kafka.Consumer {
	t.Helper()
	base := kafka.ConfigMap{"group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": false, "enable.auto.offset.store": false}
	c, err := kafka.NewConsumer(settings(bootstrap, append([]kafka.ConfigMap{base}, more...)...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newAdmin(t *testing.T, bootstrap string) *kafka.AdminClient {
	t.Helper()
	a, err := kafka.NewAdminClient(settings(bootstrap))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// send produces values to a partition and waits until the broker has answered for each.
func send(t *testing.T, p *kafka.Producer, topic string, partition int32, values ...string) {
	t.Helper()
	reports := make(chan kafka.Event, len(values))
	for _, v := range values {
		m := &kafka.Message{TopicPartition: kafka.TopicPartition{Topic: &topic, Partition: partition}, Value: []byte(v)}
		if err := p.Produce(m, reports); err != nil {
			t.Fatalf("produce %q: %v", v, err)
		}
	}
	for range values {
		select {
		case report := <-reports:
			if m := report.(*kafka.Message); m.TopicPartition.Error != nil {
				t.Fatalf("delivery of %q: %v", m.Value, m.TopicPartition.Error)
			}
		case <-time.After(soon):
			t.Fatalf("no answer from the broker for %q in %v", values, soon)
		}
	}
}

// receive polls until it has n values, and fails on any error that the consumer reports.
func receive(t *testing.T, c *kafka.Consumer, n int) []string {
	t.Helper()
	var values []string
	for deadline := time.Now().Add(soon); len(values) < n; {
		switch e := c.Poll(100).(type) {
		case *kafka.Message:
			if e.TopicPartition.Error != nil {
				t.Fatalf("consume: %v", e.TopicPartition.Error)
			}
			values = append(values, string(e.Value))
		case kafka.Error:
			t.Fatalf("consume: %v", e)
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %d of %d records in %v: %q", len(values), n, soon, values)
		}
	}
	return values
}

// remainder polls until the ends of n partitions were reported, which takes enable.partition.eof.
func remainder(t *testing.T, c *kafka.Consumer, n int) []string {
	t.Helper()
	values := []string{}
	for deadline := time.Now().Add(soon); n > 0; {
		switch e := c.Poll(100).(type) {
		case *kafka.Message:
			values = append(values, string(e.Value))
		case kafka.PartitionEOF:
			n--
		case kafka.Error:
			t.Fatalf("consume: %v", e)
		}
		if time.Now().After(deadline) {
			t.Fatalf("no end of %d partitions in %v, got %q", n, soon, values)
		}
	}
	return values
}

// want fails the test unless err is a Kafka error of this code.
func want(t *testing.T, what string, err error, code kafka.ErrorCode) {
	t.Helper()
	var kerr kafka.Error
	if !errors.As(err, &kerr) || kerr.Code() != code {
		t.Fatalf("%s: got error %v, want %v", what, err, code)
	}
}

func at(topic string, partition int32, offset kafka.Offset) kafka.TopicPartition {
	return kafka.TopicPartition{Topic: &topic, Partition: partition, Offset: offset}
}

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}
