package kafka

import (
	"errors"
	"fmt"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// TestSettling tells what passes by itself, so that offsets are asked for again, from what does not.
func TestSettling(t *testing.T) {
	t.Parallel()
	for code, want := range map[kafka.ErrorCode]bool{
		kafka.ErrNotLeaderForPartition: true, kafka.ErrUnknownTopicOrPart: true, kafka.ErrFencedLeaderEpoch: true, kafka.ErrUnknownLeaderEpoch: true,
		kafka.ErrTopicAuthorizationFailed: false, kafka.ErrOffsetOutOfRange: false,
	} {
		err := wrap("list offsets", fmt.Errorf("more: %w", kafka.NewError(code, "", false)))
		if got := settling(err); got != want {
			t.Errorf("settling(%v) = %v", code, got)
		}
	}
	if settling(errors.New("other")) {
		t.Error("an error that is not the client's is taken for one that passes")
	}
}
