package brokertest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Consume reads a topic from its start, committed records only, until it has n of them, and fails the test if that takes
// longer than timeout. Records of a partition are in its order. Those that came along beyond the n-th are not hidden;
// where it matters that no more follow, use [All].
func Consume(t testing.TB, bootstrap, topic string, n int, timeout time.Duration) []Record {
	t.Helper()
	c := client(t, bootstrap, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	var records []Record
	for len(records) < n {
		fetches := c.PollFetches(ctx)
		records = appendRecords(records, fetches)
		if err := fetches.Err(); err != nil && len(records) < n {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("brokertest: consume topic %s on %s: %v", topic, bootstrap, err)
			}
			t.Fatalf("brokertest: topic %s has %d of %d records after %v%s", topic, len(records), n, timeout, ends(t, c, topic, records))
		}
	}
	return records
}

// All reads the committed records that a topic has now. No transaction should be open on it: the end of what is committed
// may then be one that no client can see.
func All(t testing.TB, bootstrap, topic string) []Record {
	t.Helper()
	c := client(t, bootstrap, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	admin := kadm.NewClient(c)
	starts, err := admin.ListStartOffsets(ctx, topic)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		t.Fatalf("brokertest: start of topic %s on %s: %v", topic, bootstrap, err)
	}
	committed, err := admin.ListCommittedOffsets(ctx, topic)
	if err == nil {
		err = committed.Error()
	}
	if err != nil {
		t.Fatalf("brokertest: end of topic %s on %s: %v", topic, bootstrap, err)
	}
	from, until := map[int32]kgo.Offset{}, map[int32]int64{}
	starts.Each(func(start kadm.ListedOffset) {
		end, _ := committed.Lookup(topic, start.Partition)
		if start.Offset < end.Offset {
			from[start.Partition] = kgo.NewOffset().At(start.Offset)
			until[start.Partition] = end.Offset
		}
	})
	return readUntil(ctx, t, c, topic, from, until)
}

// readUntil reads partitions up to their ends. The last offsets before an end may be markers of transactions, which no
// client shows as records unless it is asked to.
func readUntil(ctx context.Context, t testing.TB, c *kgo.Client, topic string, from map[int32]kgo.Offset, until map[int32]int64) []Record {
	t.Helper()
	var records []Record
	if len(from) == 0 {
		return records
	}
	opts := append(c.Opts(), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}), kgo.KeepControlRecords())
	reader, err := kgo.NewClient(opts...)
	if err != nil {
		t.Fatalf("brokertest: consume topic %s: %v", topic, err)
	}
	defer reader.Close()
	for len(until) > 0 {
		fetches := reader.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("brokertest: topic %s: %d records read, then: %v; partitions with more, and their ends: %v", topic, len(records), err, until)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if end, more := until[r.Partition]; more && r.Offset+1 >= end {
				delete(until, r.Partition)
			}
		})
		records = appendRecords(records, fetches)
	}
	return records
}

func appendRecords(records []Record, fetches kgo.Fetches) []Record {
	fetches.EachRecord(func(r *kgo.Record) {
		if r.Attrs.IsControl() {
			return
		}
		record := Record{Partition: r.Partition, Offset: r.Offset, Key: r.Key, Value: r.Value, Timestamp: r.Timestamp}
		for _, h := range r.Headers {
			record.Headers = append(record.Headers, Header{Name: h.Key, Value: h.Value})
		}
		records = append(records, record)
	})
	return records
}

// ends says, for each partition, what was read and what there is: a reader of the failure sees whether nothing was
// written, or a transaction is open.
func ends(t testing.TB, c *kgo.Client, topic string, records []Record) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	admin := kadm.NewClient(c)
	all, err := admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return fmt.Sprintf(" (its ends are unknown: %v)", err)
	}
	committed, err := admin.ListCommittedOffsets(ctx, topic)
	if err != nil {
		return fmt.Sprintf(" (its ends are unknown: %v)", err)
	}
	read := map[int32]int{}
	for _, r := range records {
		read[r.Partition]++
	}
	var b strings.Builder
	for _, p := range slices.Sorted(maps.Keys(all[topic])) {
		stable, _ := committed.Lookup(topic, p)
		fmt.Fprintf(&b, "\n\tpartition %d: %d read, committed up to offset %d of %d", p, read[p], stable.Offset, all[topic][p].Offset)
	}
	return b.String()
}
