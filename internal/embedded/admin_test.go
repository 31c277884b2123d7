package embedded_test

import (
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

func TestCreateTopics(t *testing.T) {
	t.Parallel()
	bootstrap := brokertest.Bootstrap(t)
	admin, name := newAdmin(t, bootstrap), brokertest.UniqueName(t, "created")
	brokertest.DeleteTopics(t, bootstrap, name)
	configs := map[string]string{"cleanup.policy": "compact", "segment.bytes": "16777216", "min.cleanable.dirty.ratio": "0.2", "retention.ms": "-1"}
	for _, c := range []struct {
		what string
		spec kafka.TopicSpecification
		want kafka.ErrorCode
	}{
		{"with configs", kafka.TopicSpecification{Topic: name, NumPartitions: 3, ReplicationFactor: 1, Config: configs}, kafka.ErrNoError},
		{"again", kafka.TopicSpecification{Topic: name, NumPartitions: 3, ReplicationFactor: 1}, kafka.ErrTopicAlreadyExists},
		{"a name that is none", kafka.TopicSpecification{Topic: name + " $", NumPartitions: 1, ReplicationFactor: 1}, kafka.ErrTopicException},
		{"a dot", kafka.TopicSpecification{Topic: "..", NumPartitions: 1, ReplicationFactor: 1}, kafka.ErrTopicException},
		{"a misspelt config", kafka.TopicSpecification{Topic: name + "-2", NumPartitions: 1, ReplicationFactor: 1, Config: map[string]string{"cleanup.polcy": "compact"}}, kafka.ErrInvalidConfig},
		{"more replicas than brokers", kafka.TopicSpecification{Topic: name + "-3", NumPartitions: 1, ReplicationFactor: 9}, kafka.ErrInvalidReplicationFactor},
	} {
		results, err := admin.CreateTopics(t.Context(), []kafka.TopicSpecification{c.spec})
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if got := results[0].Error.Code(); got != c.want {
			t.Errorf("%s: got %v (%v), want %v", c.what, got, results[0].Error, c.want)
		}
	}
	metadata, err := admin.GetMetadata(&name, false, int(soon.Milliseconds()))
	if err != nil {
		t.Fatal(err)
	}
	if got := len(metadata.Topics[name].Partitions); got != 3 {
		t.Errorf("topic has %d partitions, want 3", got)
	}
	results, err := admin.DescribeConfigs(t.Context(), []kafka.ConfigResource{{Type: kafka.ResourceTopic, Name: name}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for key := range configs {
		got[key] = results[0].Config[key].Value
	}
	if diff := cmp.Diff(configs, got); diff != "" {
		t.Errorf("configs (-want +got):\n%s", diff)
	}
}

func TestNoTopicByItself(t *testing.T) {
	t.Parallel()
	bootstrap := brokertest.Bootstrap(t)
	absent := brokertest.UniqueName(t, "absent")
	metadata, err := newConsumer(t, bootstrap, absent, kafka.ConfigMap{"allow.auto.create.topics": true}).GetMetadata(&absent, false, int(soon.Milliseconds()))
	if err != nil {
		t.Fatal(err)
	}
	want(t, "metadata of an absent topic", metadata.Topics[absent].Error, kafka.ErrUnknownTopicOrPart)

	p := newProducer(t, bootstrap, kafka.ConfigMap{"topic.metadata.propagation.max.ms": 10})
	reports := make(chan kafka.Event, 1)
	err = p.Produce(&kafka.Message{TopicPartition: at(absent, kafka.PartitionAny, 0)}, reports)
	if err == nil {
		err = (<-reports).(*kafka.Message).TopicPartition.Error
	}
	want(t, "produce to an absent topic", err, kafka.ErrUnknownTopicOrPart)
}

func TestDeleteRecords(t *testing.T) {
	t.Parallel()
	bootstrap, topic := brokertest.Bootstrap(t), brokertest.UniqueName(t, "purged")
	brokertest.Topics(t, bootstrap, brokertest.Topic{Name: topic})
	send(t, newProducer(t, bootstrap), topic, 0, "a", "b", "c", "d", "e")
	admin := newAdmin(t, bootstrap)

	results, err := admin.DeleteRecords(t.Context(), []kafka.TopicPartition{at(topic, 0, 3)})
	if err != nil {
		t.Fatal(err)
	}
	if tp := results.DeleteRecordsResults[0].TopicPartition; tp.Error != nil || results.DeleteRecordsResults[0].DeletedRecords.LowWatermark != 3 {
		t.Fatalf("DeleteRecords: %+v, want a low watermark of 3", results.DeleteRecordsResults[0])
	}
	c := newConsumer(t, bootstrap, topic)
	low, high, err := c.QueryWatermarkOffsets(topic, 0, int(soon.Milliseconds()))
	if err != nil || low != 3 || high != 5 {
		t.Errorf("watermarks are %d, %d (%v), want 3, 5", low, high, err)
	}
	// A position that is gone goes to the earliest, as after a restore from a purged topic.
	if err := c.Assign([]kafka.TopicPartition{at(topic, 0, 1)}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"d", "e"}, receive(t, c, 2)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	results, err = admin.DeleteRecords(t.Context(), []kafka.TopicPartition{at(topic, 0, 9)})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "DeleteRecords beyond the end", results.DeleteRecordsResults[0].TopicPartition.Error, kafka.ErrOffsetOutOfRange)
}
