package runtime

import (
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
)

// Config is what package millrace has checked and filled in.
type Config struct {
	App            string
	Instance       string // "": the state directory's
	Graph          *graph.Graph
	Client         transport.Client
	ExactlyOnce    bool
	StateDir       string
	OpenDB         func(dir string) (db.DB, error) // nil: a Pebble on disk
	Workers        int
	CommitInterval time.Duration
	Transaction    time.Duration // after how long the broker ends one whose producer vanished; it holds up the readers behind it
	Session        time.Duration
	Standbys       int
	Address        string // where other programs can ask this instance; the members topic has it
	Replicas       int
	CacheBytes     int64
	DirtyBytes     int
	OnDecode       func(*engine.RecordError) engine.Verdict
	OnProcess      func(*engine.RecordError) engine.Verdict
	OnProduce      func(*engine.RecordError) engine.Verdict
	DeadLetters    string
	OnState        func(State)
	OnRestore      func(RestoreProgress)
	Logger         *slog.Logger
	Meter          metric.Meter
}

// What users have had no reason to choose yet.
const (
	// flushInterval bounds what a store has to replay after a crash: what was committed since is in memory only.
	flushInterval = 5 * time.Second
	// purgeInterval is how often repartition topics lose what has been read.
	purgeInterval = 30 * time.Second
	// watchInterval is how often the topics that are read are compared with those that there were at the start.
	watchInterval = 5 * time.Second
	// recommitInterval is how old the offsets of a task may get that has nothing to do: the coordinator expires offsets of
	// topics that the group does not subscribe to, after a week by default.
	recommitInterval = time.Hour
	// stallLimit is how long a worker may make no progress before its instance leaves the group.
	stallLimit = 5 * time.Minute
	// pollWait bounds how long a worker sleeps, and so how late it learns of a change and of the time of day.
	pollWait = 20 * time.Millisecond
	// A worker looks at the clock after about so long, and at the latest after so many records.
	chunkTime = 5 * time.Millisecond
	maxChunk  = 128
	// A source whose task waits for another one is paused at so many waiting records or bytes, and goes on at a quarter.
	maxWaiting      = 20_000
	maxWaitingBytes = 16 << 20
	// topicPatience is how long a topic that was just made may be unknown to a broker.
	topicPatience = 2 * time.Second
	// stopPatience bounds the last commit.
	stopPatience = 15 * time.Second
	// maxAborts is how many transactions in a row may fail before the application does.
	maxAborts = 30
	// deleteRetention is how long a changelog keeps tombstones (delete.retention.ms, its default): a store that is older may
	// have missed some.
	deleteRetention = 24 * time.Hour
)
