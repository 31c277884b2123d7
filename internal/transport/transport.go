// Package transport is the seam between the runtime and a Kafka client: batches in, effects out.
//
// A [Client] makes the parts that the runtime needs: a [Member] of the application's group, which says who this
// instance is and whether it leads; a [Fetcher] per worker, which reads what it is told to; a [Producer] per worker, transactional or not;
// and it administers topics itself. Records cross the seam about a thousand at a time, in buffers that are used again,
// so that the cost of a call is shared and a faster client can stand behind it. It is not a Kafka client for general
// use: it has what the runtime calls, no more.
package transport

import (
	"context"
	"time"

	"github.com/millrace-go/millrace/internal/graph"
)

// Partition is a partition of a topic, by the topic's name on the broker.
type Partition struct {
	Topic string
	Index int32
}

// Position is an offset of a partition: of the next record to read. Where it is committed, Metadata goes with it.
type Position struct {
	Partition
	Offset   int64 // None: nothing is known
	Metadata string
}

// None is the offset of a partition of which nothing was committed.
const None int64 = -1

// Client makes the parts and administers topics. It is safe for concurrent use.
type Client interface {
	Admin
	NewMember(cfg MemberConfig) (Member, error)
	NewFetcher(cfg FetcherConfig) (Fetcher, error)
	NewProducer(cfg ProducerConfig) (Producer, error)
	Close()
}

// Batch is a run of records of one partition, in offset order.
type Batch struct {
	Partition
	// Records are valid until the next Poll; the bytes they point to stay.
	Records []graph.Raw
	// End says that the partition had no more (committed) records when these were read; Next is the position then,
	// control records included.
	End  bool
	Next int64
}

// FetcherConfig is what a fetcher is told.
type FetcherConfig struct {
	Name  string // for logs
	Group string
	// Buffer bounds the bytes that are read ahead.
	Buffer int
}

// Fetcher reads the committed records of partitions that are assigned by hand. One goroutine uses it.
type Fetcher interface {
	// Assign replaces what is read; what was read ahead is forgotten. An offset of None starts at the beginning.
	Assign(ps []Position) error
	// Poll waits for records, at most so long. The result is valid until the next call.
	Poll(wait time.Duration) ([]Batch, error)
	// Pause stops partitions from being read, and drops what was read ahead: Resume goes on where the last Batch ended.
	Pause(ps []Partition) error
	Resume(ps []Partition) error
	Close() error
}

// ProducerConfig is what a producer is told.
type ProducerConfig struct {
	// ID is the transactional id; "": no transactions.
	ID string
	// Timeout is after how long the broker aborts a transaction that was left open.
	Timeout time.Duration
}

// Producer sends records. One goroutine uses it.
type Producer interface {
	// Init fences the producers that had the same ID before, and ends their transactions. Without an ID it does nothing.
	Init(ctx context.Context) error
	// Begin starts a transaction.
	Begin() error
	// Produce takes a copy of the effect; topic is the name on the broker. It waits where too much is under way.
	Produce(ctx context.Context, topic string, e *graph.Effect) error
	// Flush waits until everything produced is acknowledged, and returns what went wrong since the last time.
	Flush(ctx context.Context) error
	// Commit ends the transaction together with the positions, in the name of the member that g is of. There may be none.
	Commit(ctx context.Context, ps []Position, g Generation) error
	// Abort ends the transaction as if nothing had been produced.
	Abort(ctx context.Context) error
	Close()
}

// Generation says who commits: a member of a group, in a generation. A coordinator refuses one that is past.
type Generation interface {
	// MemberID is the id that the coordinator gave the member. A member that was expelled joins again under another one, and
	// an id that was given up never comes back. "": the member is about to join.
	MemberID() string
}

// MemberConfig is what a member is told.
type MemberConfig struct {
	Group    string
	Topic    string // whose partitions are shared out
	Instance string // static membership
	ClientID string
	Session  time.Duration
	// Changed is told of partitions that were given or taken, within Poll; it must not block.
	Changed func(given, taken []int32)
}

// Member is this instance's membership of the group. Poll has a goroutine of its own; the rest may be called from any.
type Member interface {
	// Poll keeps the membership alive; an error is fatal.
	Poll(wait time.Duration) error
	// Generation is the current one.
	Generation() (Generation, error)
	// Commit commits positions without a transaction, and waits for it.
	Commit(ctx context.Context, ps []Position) error
	// Committed returns the committed positions of the group, once no transaction is about to change them.
	Committed(ctx context.Context, ps []Partition) ([]Position, error)
	Close() error
}
