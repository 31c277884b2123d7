package topology

import (
	"time"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
)

// Topic states the types of a topic once; From and To infer theirs from it. Topics that the user names are the user's
// to create, with the partitions and retention they need.
type Topic[K, V any] struct {
	Name  string
	Key   serde.Serde[K] // nil: the stock serde of K (serde.ForKey)
	Value serde.Serde[V] // nil: the stock serde of V (serde.For)
}

// NewTopic is a topic with the stock serdes of K and V.
func NewTopic[K, V any](name string) Topic[K, V] { return Topic[K, V]{Name: name} }

// Option names an operator, its store or its internal topic, or replaces a serde or a store. There is one kind of option
// for all operators; one that an operator has no use for is ignored.
type Option func(*graph.Options)

// As names what the operator creates: its store (and changelog), its repartition topic, and the operator itself in
// Describe. Build refuses a store or an internal topic without a name. Names last: renaming a store starts it empty.
func As(name string) Option { return func(o *graph.Options) { o.Name = name } }

// Opt is [Option] as a constraint, which an operator has for its options where it is much code. Go compiles a method without
// type parameters wherever its type is mentioned, and a method with some where it is called: so what a program does not
// use, it does not compile. Nobody writes the type argument.
type Opt interface{ Option }

// Options is what an operator's Opts stand for.
func Options[O Opt](opts []O) []Option {
	all := make([]Option, len(opts))
	for i, o := range opts {
		all[i] = Option(o)
	}
	return all
}

// WithKeySerde replaces the stock serde of the operator's keys.
func WithKeySerde[K any](s serde.Serde[K]) Option { return func(o *graph.Options) { o.KeySerde = s } }

// WithValueSerde replaces the stock serde of the values that the operator stores or sends.
func WithValueSerde[V any](s serde.Serde[V]) Option {
	return func(o *graph.Options) { o.ValueSerde = s }
}

// Partitions fixes how many partitions a repartition topic has. Without it there are as many as its input has.
func Partitions(n int32) Option { return func(o *graph.Options) { o.Partitions = n } }

// InMemory keeps the operator's store in memory; it is restored from its changelog at each start.
func InMemory() Option { return func(o *graph.Options) { o.Memory = true } }

// WithoutChangelog leaves out the store's changelog: its rows do not survive the loss of the disk (or, in memory, the
// process).
func WithoutChangelog() Option { return func(o *graph.Options) { o.NoLog = true } }

// EmitOnCommit forwards one change per row and commit, the last, instead of one per update: what Kafka Streams' record
// cache does, with commits only as the moment (KIP-63). It saves the work of intermediate results downstream and adds
// one commit interval of latency.
func EmitOnCommit() Option { return func(o *graph.Options) { o.EmitOnCommit = true } }

// EmitOnWindowClose makes a windowed aggregation forward each window or session once, when its end and the grace have
// passed, instead of each of its updates (KIP-825). A window closes when a record moves the operator's stream time: on a
// partition without records none does, unless [CloseWhenIdle] says so. With it EmitOnCommit has nothing to do.
func EmitOnWindowClose() Option { return func(o *graph.Options) { o.EmitOnClose = true } }

// CloseWhenIdle lets windows that wait for EmitOnWindowClose be closed by the wall clock, and changes that a table holds back
// (table.SuppressUntilWindowCloses, SuppressUntilTimeLimit) be let go: once no record has reached the operator for d, its stream
// time moves on with the wall clock, by all the time since the last record, until a record comes again. So the last windows of an
// input that pauses are forwarded after d, or after what was missing to their end and grace if that is longer.
//
// The price: what is late then depends on when records arrive. A record that comes back after a pause, for a window that
// was closed by it, is dropped and counted as late, so the same input read anew, faster, may give other results. A crash
// changes nothing that was committed: the moved stream time is committed with the results that it led to, and both are
// undone together. A restart begins the waiting anew, so time in which the application was down is no idle time; time in which
// the broker was not reached is. Let d be longer than such breaks.
func CloseWhenIdle(d time.Duration) Option { return func(o *graph.Options) { o.IdleClose = d } }

// Retention keeps the rows of a window or session store for at least d of event time; less than the window with its
// grace is an error.
func Retention(d time.Duration) Option { return func(o *graph.Options) { o.Retention = d } }

// Versioned makes a table keep the versions of its rows: each is valid from its record's timestamp until the next one's. A
// stream-table join then finds the row as it was at the record's time. An update that is older than its key's latest version
// goes into the past alone: it is forwarded to streams, but joins of tables, which count it as dropped, aggregations,
// and what comes of them do not see it. One that is older than history is dropped and counted. history is event time, in whole
// milliseconds; the latest version of a key outlives it. For table.From, ToTable and named tables derived of
// others. Kafka Streams: a versioned store (KIP-889, KIP-914).
func Versioned(history time.Duration) Option {
	return func(o *graph.Options) { o.History = &history }
}

// JoinGrace makes a join of a stream with a versioned table hold each record back until stream time, that of the join's own
// records, is d after it, so that rows that come late still count. A record that is later than d itself is joined at once.
// Records are let go in the order of their timestamps, then of their keys' bytes, then of arrival, and only by other records
// of the stream. d is not longer than the table's history. Kafka Streams: Joined.withGracePeriod (KIP-923).
func JoinGrace(d time.Duration) Option {
	return func(o *graph.Options) { o.JoinGrace = &d }
}

// Extractor reads a record's timestamp (milliseconds since the epoch) from its content, in From. partitionTime is the
// highest timestamp seen on the partition, -1 at first; recordTime is the one that the record carries. A negative
// result drops the record and counts it. The record is decoded once more for it.
func Extractor[K, V any](f func(key K, value V, recordTime, partitionTime int64) int64) Option {
	return func(o *graph.Options) { o.Extractor = f }
}

// WithStores lets Process use stores that package state describes; several operators may name the same one, and are in
// one task then.
func WithStores(stores ...interface{ Graph() *graph.Store }) Option {
	return func(o *graph.Options) {
		for _, s := range stores {
			o.Stores = append(o.Stores, s.Graph())
		}
	}
}
