package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/millrace-go/millrace/internal/transport"
)

// Config is what all clients of an application share.
type Config struct {
	Bootstrap string
	// Properties are librdkafka's own, for every client: TLS, SASL, time-outs.
	Properties map[string]string
	Logger     *slog.Logger
	// Patience is how long Open waits for a broker to answer.
	Patience time.Duration
}

// owned are the settings on which the runtime's guarantees stand.
var owned = map[string]string{
	"bootstrap.servers":             "set Config.Bootstrap",
	"metadata.broker.list":          "set Config.Bootstrap",
	"group.id":                      "set Config.ApplicationID",
	"group.instance.id":             "set Config.InstanceID",
	"group.protocol":                "the runtime's membership relies on the classic protocol",
	"session.timeout.ms":            "set Config.SessionTimeout",
	"heartbeat.interval.ms":         "it follows Config.SessionTimeout",
	"max.poll.interval.ms":          "the runtime notices itself if a worker hangs",
	"client.id":                     "it tells the instances of an application apart",
	"partition.assignment.strategy": "the runtime's membership relies on cooperative-sticky",
	"enable.auto.commit":            "the runtime commits",
	"enable.auto.offset.store":      "the runtime commits",
	"auto.offset.reset":             "sources are read from their beginning",
	"isolation.level":               "the runtime reads what is committed",
	"enable.partition.eof":          "the runtime relies on it",
	"transactional.id":              "set Config.Guarantee and Config.InstanceID",
	"transaction.timeout.ms":        "the runtime chooses it",
	"enable.idempotence":            "the runtime relies on it",
	"acks":                          "the runtime relies on all replicas",
	"request.required.acks":         "the runtime relies on all replicas",
	"partitioner":                   "keys lie where Kafka's other clients put them (murmur2_random)",
	"delivery.report.only.error":    "the runtime relies on it",
}

// CheckProperty says whether an application may set a property.
func CheckProperty(name string) error {
	if why, ok := owned[name]; ok {
		return fmt.Errorf("kafka: property %q cannot be set: %s", name, why)
	}
	if strings.HasPrefix(name, "go.") {
		return fmt.Errorf("kafka: property %q cannot be set: it changes how the Go client is driven", name)
	}
	return nil
}

// Client implements [transport.Client].
type Client struct {
	cfg   Config
	logs  chan kafka.LogEvent
	stop  chan struct{}
	done  chan struct{}
	base  *kafka.Producer // the admin client's: one of its own could not hand over its log
	admin *kafka.AdminClient
	last  atomic.Pointer[string] // the last complaint of librdkafka: why no broker answers
}

// Open connects to a broker, or says why it cannot.
func Open(ctx context.Context, cfg Config) (*Client, error) {
	for _, name := range slices.Sorted(maps.Keys(cfg.Properties)) {
		if err := CheckProperty(name); err != nil {
			return nil, err
		}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Patience == 0 {
		cfg.Patience = 5 * time.Second
	}
	c := &Client{cfg: cfg, logs: make(chan kafka.LogEvent, 100), stop: make(chan struct{}), done: make(chan struct{})}
	go c.forwardLogs() //nolint:gosec // until Close, however long ctx is
	var err error
	if c.base, err = kafka.NewProducer(c.config(kafka.ConfigMap{"go.events.channel.size": 100, "go.produce.channel.size": 1})); err == nil {
		go drain(c.base)
		c.admin, err = kafka.NewAdminClientFromProducer(c.base)
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("kafka: %w: correct Config.Properties", err)
	}
	if err := c.ping(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// ping asks for the cluster's metadata, in short turns so that ctx is heeded.
func (c *Client) ping(ctx context.Context) error {
	var err error
	for start := time.Now(); time.Since(start) < c.cfg.Patience && ctx.Err() == nil; {
		if _, err = c.admin.GetMetadata(nil, false, 500); err == nil {
			return nil
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	why := err.Error()
	if last := c.last.Load(); last != nil {
		why = *last
	}
	return fmt.Errorf("kafka: %w at %s within %v: start one, or correct Config.Bootstrap (or Config.Properties, if it wants TLS or SASL): %s",
		transport.ErrUnreachable, c.cfg.Bootstrap, c.cfg.Patience, why)
}

// config is what all clients share, with one's own settings over it, and the user's over both: those on which the runtime
// stands are not among the user's (owned).
func (c *Client) config(own kafka.ConfigMap) *kafka.ConfigMap {
	m := kafka.ConfigMap{
		"bootstrap.servers":   c.cfg.Bootstrap,
		"enable.metrics.push": false,
		// The default of 10 s between attempts makes the start slow while a broker comes up.
		"reconnect.backoff.max.ms": 2000,
		"go.logs.channel.enable":   true,
		"go.logs.channel":          c.logs,
	}
	maps.Copy(m, own)
	for k, v := range c.cfg.Properties {
		m[k] = v
	}
	return &m
}

// forwardLogs passes librdkafka's log on. Its messages name hosts and settings, never passwords.
func (c *Client) forwardLogs() {
	defer close(c.done)
	for {
		select {
		case <-c.stop:
			return
		case e := <-c.logs:
			level := slog.LevelDebug
			switch {
			case e.Level <= 2:
				level = slog.LevelError
			case e.Level <= 4:
				level = slog.LevelWarn
				msg := e.Message
				c.last.Store(&msg)
			}
			switch e.Tag {
			case "CONFWARN", // a producer's property on a consumer: properties go to all
				"GETPID",               // a predecessor's transaction is being ended, which takes its time
				"TXNERR", "ADDOFFSETS": // a transaction is refused, which the runtime reports
				level = slog.LevelDebug
			}
			c.cfg.Logger.Log(context.Background(), level, "librdkafka: "+e.Message, "client", e.Name, "tag", e.Tag)
		}
	}
}

// drain takes events that say nothing the log does not.
func drain(p *kafka.Producer) {
	for range p.Events() { // until it is closed
	}
}

// Close releases the client; what it made must be closed before.
func (c *Client) Close() {
	if c.admin != nil {
		c.admin.Close()
	}
	if c.base != nil {
		c.base.Close()
	}
	close(c.stop)
	<-c.done
}
