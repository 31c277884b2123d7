package kafka

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// TestSettling tells what passes by itself, so that offsets are asked for again, from what does not.
func TestSettling(t *testing.T) {
	t.Parallel()
	for code, want := range map[kafka.ErrorCode]bool{
		kafka.ErrNotLeaderForPartition: true, kafka.ErrUnknownTopicOrPart: true, kafka.ErrFencedLeaderEpoch: true, kafka.ErrUnknownLeaderEpoch: true,
		kafka.ErrNoent:                    true,
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

// TestAskedAgain: a question that is not answered is put again, until patience ends; the last one is waited for, too.
func TestAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, lost := range []int{0, 2, 100} {
			asked := 0
			begin := time.Now()
			err := settled(t.Context(), func(ctx context.Context) error {
				if asked++; asked <= lost {
					<-ctx.Done()
					return wrap("describe group g", ctx.Err())
				}
				return nil
			})
			took := time.Since(begin)
			if failed := err != nil; failed != (lost == 100) || !failed && asked != lost+1 || took > adminPatience+answerPatience {
				t.Errorf("%d answers lost: %v, asked %d times in %v", lost, err, asked, took)
			}
		}
	})
}
