package kafka

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/millrace-go/millrace/internal/transport"
)

// meanings are all that wrap tells apart.
var meanings = []error{
	transport.ErrAbort, transport.ErrProducer, transport.ErrMembership, transport.ErrInstance, transport.ErrRecord, transport.ErrTopic,
	transport.ErrUnreachable,
}

func TestWrap(t *testing.T) {
	t.Parallel()
	for code, want := range map[kafka.ErrorCode]error{
		kafka.ErrFencedInstanceID:          transport.ErrMembership,
		kafka.ErrUnknownMemberID:           transport.ErrMembership,
		kafka.ErrIllegalGeneration:         transport.ErrMembership,
		kafka.ErrRebalanceInProgress:       transport.ErrMembership,
		kafka.ErrMsgSizeTooLarge:           transport.ErrRecord,
		kafka.ErrTopicAuthorizationFailed:  transport.ErrDenied,
		kafka.ErrUnknownTopicOrPart:        transport.ErrTopic,
		kafka.ErrUnknownPartition:          transport.ErrTopic,
		kafka.ErrAllBrokersDown:            transport.ErrUnreachable,
		kafka.ErrTimedOut:                  transport.ErrUnreachable,
		kafka.ErrMsgTimedOut:               transport.ErrUnreachable,
		kafka.ErrNotCoordinator:            transport.ErrUnreachable,
		kafka.ErrCoordinatorLoadInProgress: transport.ErrUnreachable,
		kafka.ErrGroupAuthorizationFailed:  transport.ErrDenied,
		kafka.ErrInvalidConfig:             nil,
	} {
		cause := kafka.NewError(code, "", false)
		err := wrap("do it", fmt.Errorf("deeper: %w", cause))
		for _, m := range meanings {
			if got := errors.Is(err, m); got != errors.Is(want, m) {
				t.Errorf("%v: errors.Is(%v) is %v", code, m, got)
			}
		}
		var ke kafka.Error
		if !errors.As(err, &ke) || ke.Code() != code {
			t.Errorf("%v: the cause is lost in %v", code, err)
		}
	}
	if wrap("do it", nil) != nil {
		t.Error("wrap makes an error of none")
	}
}

func TestOfTransaction(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		err   error
		wants []error
	}{
		{"another process's", kafka.NewError(kafka.ErrFencedInstanceID, "", true), []error{transport.ErrProducer, transport.ErrInstance}},
		{"the member's own, from before it rejoined", kafka.NewError(kafka.ErrFencedInstanceID, "", false), []error{transport.ErrProducer, transport.ErrMembership}},
		{"fatal", kafka.NewError(kafka.ErrFenced, "", true), []error{transport.ErrProducer}},
		{"in the wrong state", kafka.NewError(kafka.ErrState, "", false), []error{transport.ErrAbort}},
		{"of no kind", kafka.NewError(kafka.ErrTimedOut, "", false), []error{transport.ErrProducer, transport.ErrUnreachable}},
		{"another's", errors.New("context"), []error{transport.ErrProducer}},
	} {
		got := ofTransaction("commit", c.err)
		for _, m := range meanings {
			want := false
			for _, w := range c.wants {
				want = want || errors.Is(w, m)
			}
			if errors.Is(got, m) != want {
				t.Errorf("%s: errors.Is(%v, %v) is %v", c.name, got, m, !want)
			}
		}
	}
	if ofTransaction("commit", nil) != nil {
		t.Error("an error of none")
	}
}

// TestMissing: a topic that is said not to exist was deleted if that goes on; after a pause it may have come back.
func TestMissing(t *testing.T) {
	t.Parallel()
	f := &fetcher{log: slog.New(slog.DiscardHandler)}
	gone := kafka.NewError(kafka.ErrUnknownTopicOrPart, "in [0]: topic does not exist", false)
	for _, step := range []struct {
		after time.Duration
		fails bool
	}{
		{0, false}, {time.Second, false}, {4 * time.Second, false}, // 4 s
		{8 * time.Second, false}, {10 * time.Second, false}, {13 * time.Second, false}, {13001 * time.Millisecond, true},
	} {
		if err := f.missing(gone, time.Unix(0, 0).Add(step.after)); (err != nil) != step.fails || err != nil && !errors.Is(err, transport.ErrTopic) {
			t.Errorf("after %v: %v", step.after, err)
		}
	}
}

func TestCheckProperty(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sasl.password", "linger.ms", "ssl.ca.location"} {
		if err := CheckProperty(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"acks", "go.batch.producer", "transactional.id"} {
		if CheckProperty(name) == nil {
			t.Errorf("%s may be set", name)
		}
	}
}
