package embedded_test

import (
	"strings"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

func TestAssign(t *testing.T) {
	t.Parallel()
	bootstrap, topic := brokertest.Bootstrap(t), brokertest.UniqueName(t, "assigned")
	brokertest.Topics(t, bootstrap, brokertest.Topic{Name: topic, Partitions: 2})
	p := newProducer(t, bootstrap)
	send(t, p, topic, 0, "a0", "a1", "a2")
	send(t, p, topic, 1, "b0")
	c := newConsumer(t, bootstrap, topic, kafka.ConfigMap{"enable.partition.eof": true})
	if err := c.Assign([]kafka.TopicPartition{at(topic, 0, 1)}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a1", "a2"}, remainder(t, c, 1)); diff != "" {
		t.Errorf("from offset 1 (-want +got):\n%s", diff)
	}
	if err := c.IncrementalAssign([]kafka.TopicPartition{at(topic, 1, kafka.OffsetBeginning)}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"b0"}, remainder(t, c, 1)); diff != "" {
		t.Errorf("the other partition (-want +got):\n%s", diff)
	}
	// A record that arrives while the broker holds a fetch is delivered, and so is one in a partition seen anew.
	send(t, p, topic, 1, "b1")
	if diff := cmp.Diff([]string{"b1"}, receive(t, c, 1)); diff != "" {
		t.Errorf("a record during a long poll (-want +got):\n%s", diff)
	}
	if err := c.Seek(at(topic, 0, 0), int(soon.Milliseconds())); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a0", "a1", "a2"}, receive(t, c, 3)); diff != "" {
		t.Errorf("after Seek (-want +got):\n%s", diff)
	}
}

// balance polls, so that the group can move partitions, until all members hold what they should.
func balance(t *testing.T, want []int, members ...*kafka.Consumer) {
	t.Helper()
	got := make([]int, len(members))
	for deadline := time.Now().Add(soon); ; {
		for i, m := range members {
			if e, ok := m.Poll(50).(kafka.Error); ok {
				t.Fatalf("member %d: %v", i, e)
			}
			assigned, err := m.Assignment()
			if err != nil {
				t.Fatal(err)
			}
			got[i] = len(assigned)
		}
		if cmp.Equal(want, got) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("members hold %v partitions after %v, want %v", got, soon, want)
		}
	}
}

func TestStaticMembersAndOffsets(t *testing.T) {
	t.Parallel()
	bootstrap, topic := brokertest.Bootstrap(t), brokertest.UniqueName(t, "members")
	group := topic
	brokertest.Topics(t, bootstrap, brokertest.Topic{Name: topic, Partitions: 4})
	join := func(instance string) *kafka.Consumer {
		c := openConsumer(t, bootstrap, group, kafka.ConfigMap{
			"group.instance.id": instance, "partition.assignment.strategy": "cooperative-sticky", "session.timeout.ms": 6000, "heartbeat.interval.ms": 300,
		})
		if err := c.Subscribe(topic, nil); err != nil {
			t.Fatal(err)
		}
		return c
	}
	one := join("one")
	defer one.Close()
	balance(t, []int{4}, one)
	two := join("two")
	balance(t, []int{2, 2}, one, two)

	held, err := two.Assignment()
	if err != nil {
		t.Fatal(err)
	}
	note := strings.Repeat("m", 4096) // the longest that Kafka takes by default
	commit := []kafka.TopicPartition{{Topic: &topic, Partition: held[0].Partition, Offset: 7, Metadata: &note}}
	if _, err := two.CommitOffsets(commit); err != nil {
		t.Fatal(err)
	}
	committed, err := two.Committed([]kafka.TopicPartition{at(topic, held[0].Partition, 0), at(topic, held[1].Partition, 0)}, int(soon.Milliseconds()))
	if err != nil {
		t.Fatal(err)
	}
	if committed[0].Offset != 7 || committed[0].Metadata == nil || *committed[0].Metadata != note || committed[1].Offset != kafka.OffsetInvalid {
		t.Errorf("committed are %v, want 7 with its metadata, and none", committed)
	}
	note += "m"
	_, err = two.CommitOffsets(commit)
	want(t, "commit with 4,097 bytes of metadata", err, kafka.ErrOffsetMetadataTooLarge)

	// A static member that comes back before its session ends has its partitions again, and nobody else notices.
	if err := two.Close(); err != nil {
		t.Fatal(err)
	}
	two = join("two")
	balance(t, []int{2, 2}, one, two)
	again, err := two.Assignment()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(partitionsOf(held), partitionsOf(again)); diff != "" {
		t.Errorf("partitions of a static member after its restart (-before +after):\n%s", diff)
	}

	// A second process with the same instance id puts the first out.
	three := join("two")
	defer three.Close()
	balance(t, []int{2}, three)
	for deadline := time.Now().Add(soon); ; {
		if e, ok := two.Poll(100).(kafka.Error); ok {
			want(t, "the member that was replaced", e, kafka.ErrFencedInstanceID)
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the member that was replaced was not told")
		}
	}
}

func partitionsOf(tps []kafka.TopicPartition) map[int32]bool {
	set := map[int32]bool{}
	for _, tp := range tps {
		set[tp.Partition] = true
	}
	return set
}
