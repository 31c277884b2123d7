package millrace

import (
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"
)

// Guarantee says how often a record takes effect if something fails.
type Guarantee int

const (
	// ExactlyOnce commits state, output and positions in one Kafka transaction per worker and interval. Readers of the output
	// must read committed records only. It ends at Kafka: what a callback does outside may be done again. The callbacks for one
	// record must be done within TransactionTimeout: what takes longer is for package task.
	ExactlyOnce Guarantee = iota
	// AtLeastOnce commits positions after state and output. After a failure the records since the last commit are processed
	// again, on top of what they did before.
	AtLeastOnce
)

func (g Guarantee) String() string {
	if g == ExactlyOnce {
		return "exactly once"
	}
	return "at least once"
}

// Config tells an application where to run and how. Its zero value runs on an embedded broker.
type Config struct {
	// ApplicationID is the consumer group, and prefixes the internal topics and transactional ids. Default: the topology's
	// name. Instances with the same id share the work.
	ApplicationID string

	// Bootstrap is the brokers' addresses, "host:port,host:port". Without one a broker inside the process is started, with the
	// topology's topics of 4 partitions each. It logs its address, and forgets everything when the App ends: for demos and
	// tests, where something is to talk to it from the start use [StartBroker].
	Bootstrap string

	// Properties are librdkafka's own settings for every client: TLS ("security.protocol", "ssl.ca.location"), SASL
	// ("sasl.mechanisms", "sasl.username"), time-outs. Those on which the guarantees stand are refused. They are never
	// logged. docs/security.md has an example, and the ACLs that the user needs.
	Properties map[string]string

	// Guarantee is ExactlyOnce unless set.
	Guarantee Guarantee

	// StateDir holds the stores, one directory per application in it, for one instance. Default: millrace in the user's cache
	// directory. Losing it costs a restore from the changelogs, nothing else.
	StateDir string

	// InstanceID makes this instance known to the group, so that a restart within SessionTimeout moves no tasks. Default: one
	// drawn at the first start and kept in the state directory.
	InstanceID string

	// Workers is how many goroutines process tasks, each with its own producer and consumer. Default: GOMAXPROCS.
	Workers int

	// CommitInterval is how often a worker commits what it did. Default: 100 ms. It bounds how late others see the output
	// under ExactlyOnce, and how much work a failure repeats.
	CommitInterval time.Duration

	// TransactionTimeout is after how long the brokers end a transaction that is still open, under ExactlyOnce. A worker whose
	// callbacks took longer takes its work back and does it again. Default: 10 s. It is at least twice CommitInterval, and at most the brokers'
	// transaction.max.timeout.ms.
	TransactionTimeout time.Duration

	// SessionTimeout is after how long without a sign of life the group gives an instance's tasks to others. An instance that
	// stops keeps its place for as long, so that a restart is no loss: only what another one can go on with at once, tasks without
	// state or with a current standby, goes to others before. Default: 15 s. Brokers accept 6 s to 30 min unless told otherwise.
	SessionTimeout time.Duration

	// Standbys is how many other instances keep a copy of each task's stores, so that the task goes on there at once if its
	// instance fails, without a restore. A copy costs the disk of the stores and the reading of their changelogs. Default: 0.
	// With fewer instances there are fewer copies. (Kafka Streams: num.standby.replicas.)
	Standbys int

	// AdvertisedAddress is where others can ask this instance's tables, in a form that is yours: "host:port", say. The others
	// learn it with [Locate]. Default: none. (Kafka Streams: application.server.)
	AdvertisedAddress string

	// ReplicationFactor of internal topics. Default: the broker's.
	ReplicationFactor int

	// CacheBytes bounds the blocks of the stores' tables that are kept in memory, over all tasks. Default: 64 MiB.
	CacheBytes int64

	// DirtyBytes bounds what a worker's stores hold between commits: beyond it the worker commits early. Default: 16 MiB.
	DirtyBytes int

	// OnDecodeError says what becomes of a record whose key or value does not decode: Fail or Skip, or a function of yours.
	// Default: Fail.
	OnDecodeError Policy

	// OnProcessError says what becomes of a record for which a callback returned an error or panicked. Default: Fail. What the
	// record had done until then is taken back in any case; under AtLeastOnce all but the output that it had sent.
	OnProcessError Policy

	// OnProduceError says what becomes of a record for a topic of yours that the broker will never take: larger than
	// max.message.bytes, say, or without leave to write. Default: Fail. Skip leaves out what was to be sent and keeps the rest
	// that its source did; DeadLetter sends the source's record to the dead letters as well. What the client learns only after
	// it has sent a record, and what concerns internal topics, always fails: more than the record would be lost.
	OnProduceError Policy

	// DeadLetterTopic is where DeadLetter sends records. It must exist; the App's own broker makes it.
	DeadLetterTopic string

	// OnState is told of every change of state, one after the other. It may ask the App for its health. It must return soon,
	// and not wait for the App to stop.
	OnState func(State)

	// OnRestore is told how far each task is that brings stores up to date from their changelogs: when it starts, every second
	// or so while it goes on, and at the end. Tasks are restored side by side, and it is told by one at a time: what it does
	// holds all of them up, so it must return soon, and not wait for the App to stop. It may ask the App for its health.
	OnRestore func(RestoreProgress)

	// Logger gets what happens. Default: slog.Default().
	Logger *slog.Logger

	// MeterProvider gets the metrics. Default: OpenTelemetry's global one.
	MeterProvider metric.MeterProvider
}
