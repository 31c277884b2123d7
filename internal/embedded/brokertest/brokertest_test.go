package brokertest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

const soon = 20 * time.Second

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	bootstrap, topic := brokertest.Bootstrap(t), brokertest.UniqueName(t, "round-trip")
	brokertest.Topics(t, bootstrap, brokertest.Topic{Name: topic})
	want := []brokertest.Record{
		{Key: []byte("k"), Value: []byte("v"), Timestamp: time.UnixMilli(1_000_000), Headers: []brokertest.Header{{Name: "h", Value: []byte("1")}, {Name: "h"}}},
		{Offset: 1, Key: nil, Value: []byte{}, Timestamp: time.UnixMilli(2)},
		{Offset: 2, Key: []byte{}, Value: nil, Timestamp: time.UnixMilli(0)},
	}
	brokertest.Produce(t, bootstrap, topic, want...)
	if diff := cmp.Diff(want, brokertest.Consume(t, bootstrap, topic, len(want), soon)); diff != "" {
		t.Errorf("Consume (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, brokertest.All(t, bootstrap, topic)); diff != "" {
		t.Errorf("All (-want +got):\n%s", diff)
	}
}

func TestPartitions(t *testing.T) {
	t.Parallel()
	bootstrap, byKey, byHand := brokertest.Bootstrap(t), brokertest.UniqueName(t, "by-key"), brokertest.UniqueName(t, "by-hand")
	brokertest.Topics(t, bootstrap, brokertest.Topic{Name: byKey, Partitions: 4}, brokertest.Topic{Name: byHand, Partitions: 4})
	var records []brokertest.Record
	for i := range 8 {
		records = append(records, brokertest.Record{Partition: int32(i % 3), Key: fmt.Append(nil, "key", i), Value: []byte{byte(i)}})
	}
	brokertest.Produce(t, bootstrap, byKey, records...)
	brokertest.ProduceTo(t, bootstrap, byHand, records...)
	// What Kafka's Utils.murmur2 gives for key0 to key7, modulo 4.
	if diff := cmp.Diff([]int32{2, 0, 3, 1, 1, 3, 0, 3}, partitions(brokertest.All(t, bootstrap, byKey))); diff != "" {
		t.Errorf("partitions by key (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int32{0, 1, 2, 0, 1, 2, 0, 1}, partitions(brokertest.All(t, bootstrap, byHand))); diff != "" {
		t.Errorf("partitions by hand (-want +got):\n%s", diff)
	}
	if got := brokertest.Consume(t, bootstrap, byHand, 8, soon); len(got) != 8 {
		t.Errorf("Consume gave %d records of 8 in 3 partitions", len(got))
	}
}

// partitions gives those of records whose values are 0, 1, 2, ...
func partitions(records []brokertest.Record) []int32 {
	slices.SortFunc(records, func(a, b brokertest.Record) int { return int(a.Value[0]) - int(b.Value[0]) })
	var found []int32
	for _, r := range records {
		found = append(found, r.Partition)
	}
	return found
}

func TestEmptyTopic(t *testing.T) {
	t.Parallel()
	bootstrap, topic := brokertest.Bootstrap(t), brokertest.UniqueName(t, "empty")
	brokertest.Topics(t, bootstrap, brokertest.Topic{Name: topic, Partitions: 2, Config: map[string]string{"cleanup.policy": "compact"}})
	if diff := cmp.Diff([]brokertest.Record{}, brokertest.All(t, bootstrap, topic), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("All of an empty topic (-want +got):\n%s", diff)
	}
}

func TestUniqueName(t *testing.T) {
	t.Parallel()
	if a, b := brokertest.UniqueName(t, "x"), brokertest.UniqueName(t, "x"); a == b {
		t.Errorf("UniqueName gave %q twice", a)
	}
}

// TestFeedAt: all records come, in order, and no sooner than their rate allows.
func TestFeedAt(t *testing.T) {
	t.Parallel()
	const n, rate = 100, 200
	bootstrap, topic := brokertest.Bootstrap(t), brokertest.UniqueName(t, "feed-at")
	brokertest.Topics(t, bootstrap, brokertest.Topic{Name: topic})
	var records []brokertest.Record
	for i := range n {
		records = append(records, brokertest.Record{Value: []byte{byte(i)}})
	}
	start := time.Now()
	brokertest.FeedAt(t, bootstrap, topic, rate, records)()
	if took := time.Since(start); took < n*time.Second/rate {
		t.Errorf("%d records came within %v, at %d a second", n, took, rate)
	}
	var want, got []byte
	for i := range n {
		want = append(want, byte(i))
	}
	for _, r := range brokertest.All(t, bootstrap, topic) {
		got = append(got, r.Value...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}
