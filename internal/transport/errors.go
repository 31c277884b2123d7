package transport

import "errors"

// What a failure means to the runtime. Errors of a client wrap one of these, or none where trying again helps nothing.
var (
	// ErrAbort means that the transaction must be aborted; after that, the producer works again.
	ErrAbort = errors.New("the transaction was refused")
	// ErrProducer means that the producer is of no more use: a new one with the same id takes its place. Whether its
	// last transaction stands is not known.
	ErrProducer = errors.New("the producer is of no more use")
	// ErrMembership means that a commit came from a member that is past: join again, and begin from what is committed.
	ErrMembership = errors.New("the group does not know this member, or not in this generation")
	// ErrInstance means that another process has taken this instance's place in the group.
	ErrInstance = errors.New("another process runs with the same instance id: give each its own state directory")
	// ErrRecord means that the broker refuses a record for what it is: sending it again fails again.
	ErrRecord = errors.New("the broker refuses the record")
	// ErrTopic means that a topic or partition is not there, or not any more. Right after it was made, or its broker was
	// started, that may pass.
	ErrTopic = errors.New("the topic or partition does not exist, make it again")
	// ErrPosition means that a position is not in its partition: the records there were deleted before they were read, or the
	// partition has lost its end.
	ErrPosition = errors.New("the partition does not hold this position")
	// ErrDenied means that the application's user lacks a right.
	ErrDenied = errors.New("the broker does not let the user do it")
	// ErrUnreachable means that no broker answered.
	ErrUnreachable = errors.New("no broker answered")
)
