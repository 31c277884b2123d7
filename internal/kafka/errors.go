package kafka

import (
	"errors"
	"fmt"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/millrace-go/millrace/internal/transport"
)

// meaning maps a client's error to what it means to the runtime, nil if nothing special.
func meaning(err error) error {
	var ke kafka.Error
	if !errors.As(err, &ke) {
		return nil
	}
	switch ke.Code() {
	case kafka.ErrFencedInstanceID:
		// A static member that rejoins after its session has ended is given a new id, and is itself the one that fences what it
		// still sends with the old one. Where it is another process, the membership ends with a fatal error.
		if ke.IsFatal() {
			return transport.ErrInstance
		}
		return transport.ErrMembership
	case kafka.ErrUnknownMemberID, kafka.ErrIllegalGeneration, kafka.ErrRebalanceInProgress, kafka.ErrFencedMemberEpoch, kafka.ErrStaleMemberEpoch:
		return transport.ErrMembership
	case kafka.ErrMsgSizeTooLarge, kafka.ErrInvalidRecord, kafka.ErrInvalidTimestamp, kafka.ErrRecordListTooLarge:
		return transport.ErrRecord
	case kafka.ErrUnknownTopicOrPart, kafka.ErrUnknownTopic, kafka.ErrUnknownPartition:
		return transport.ErrTopic
	case kafka.ErrAutoOffsetReset, kafka.ErrOffsetOutOfRange, kafka.ErrLogTruncation:
		return transport.ErrPosition
	case kafka.ErrTopicAuthorizationFailed, kafka.ErrGroupAuthorizationFailed, kafka.ErrTransactionalIDAuthorizationFailed, kafka.ErrClusterAuthorizationFailed:
		return transport.ErrDenied
	case kafka.ErrTransport, kafka.ErrAllBrokersDown, kafka.ErrTimedOut, kafka.ErrRequestTimedOut, kafka.ErrMsgTimedOut:
		return transport.ErrUnreachable
	case kafka.ErrLeaderNotAvailable, kafka.ErrNotLeaderForPartition, kafka.ErrReplicaNotAvailable, kafka.ErrFencedLeaderEpoch, kafka.ErrUnknownLeaderEpoch:
		return transport.ErrUnreachable // of the partition, for the moment
	default:
		if movingCoordinator(ke.Code()) {
			return transport.ErrUnreachable
		}
		return nil
	}
}

// movingCoordinator says that a group has no coordinator at the moment. It will have one soon.
func movingCoordinator(code kafka.ErrorCode) bool {
	switch code {
	case kafka.ErrCoordinatorLoadInProgress, kafka.ErrCoordinatorNotAvailable, kafka.ErrNotCoordinator, kafka.ErrWaitCoord:
		return true
	default:
		return false
	}
}

// permit is wrap of what takes a right: it names the right where that is what was missing.
func permit(what, right string, err error) error {
	if denied(err) {
		what += ": an ACL is missing: allow the application's user " + right
	}
	return wrap(what, err)
}

func denied(err error) bool { return errors.Is(meaning(err), transport.ErrDenied) }

// wrap adds what was tried, and what the failure means.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	if m := meaning(err); m != nil {
		return fmt.Errorf("kafka: %s: %w (%w)", what, m, err)
	}
	if ke, ok := errors.AsType[kafka.Error](err); ok { // a broker's words may be none: the code is
		return fmt.Errorf("kafka: %s: %s: %w", what, ke.Code(), err)
	}
	return fmt.Errorf("kafka: %s: %w", what, err)
}

// ofTransaction says whether a transaction's failure ends the transaction or the producer.
func ofTransaction(what string, err error) error {
	if err == nil {
		return nil
	}
	var ke kafka.Error
	kind := transport.ErrProducer
	if errors.As(err, &ke) && !ke.IsFatal() && (ke.TxnRequiresAbort() || ke.Code() == kafka.ErrState) {
		kind = transport.ErrAbort
	}
	if ke.Code() == kafka.ErrInvalidTransactionTimeout {
		what += ": lower Config.TransactionTimeout, or raise the brokers' transaction.max.timeout.ms"
	}
	if m := meaning(err); m != nil {
		return fmt.Errorf("kafka: %s: %w: %w (%w)", what, kind, m, err)
	}
	return fmt.Errorf("kafka: %s: %w: %w", what, kind, err)
}

// fenced says whether err is that the broker has ended the producer's transaction: for another producer with its id, or because
// it was open for too long, for which the words are the same.
func fenced(err error) bool {
	ke, _ := errors.AsType[kafka.Error](err)
	switch ke.Code() {
	case kafka.ErrFenced, kafka.ErrProducerFenced, kafka.ErrInvalidProducerEpoch, kafka.ErrInvalidTxnState:
		return true
	default:
		return false
	}
}

// retriable says whether the same call may be made again.
func retriable(err error) bool {
	var ke kafka.Error
	return errors.As(err, &ke) && !ke.IsFatal() && !ke.TxnRequiresAbort() && (ke.IsRetriable() || ke.IsTimeout())
}
