package kafka

import (
	"bytes"
	"errors"
	"reflect"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// generation is what a transaction sends with its offsets.
type generation struct {
	meta *kafka.ConsumerGroupMetadata
	id   string
}

// MemberID implements [transport.Generation].
func (g *generation) MemberID() string { return g.id }

// newGeneration reads the member's id out of the metadata. The Go client keeps it to itself, so it is taken from their
// serialized form: "CGMDv2:", the generation in 4 bytes, then group, member and instance, each with a zero byte behind it
// (rd_kafka_consumer_group_metadata_write). TestMember asks the broker whether that still holds.
func newGeneration(m *kafka.ConsumerGroupMetadata) (*generation, error) {
	if f := reflect.ValueOf(m).Elem().FieldByName("serialized"); f.IsValid() {
		rest, ok := bytes.CutPrefix(f.Bytes(), []byte("CGMDv2:"))
		if ok && len(rest) >= 4 {
			if parts := bytes.Split(rest[4:], []byte{0}); len(parts) >= 2 {
				return &generation{m, string(parts[1])}, nil
			}
		}
	}
	return nil, errors.New("kafka: this librdkafka writes a group's metadata in another form than CGMDv2: build with the version that go.mod names")
}
