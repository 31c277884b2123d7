package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/millrace-go/millrace/internal/transport"
)

// minPollInterval is after how long without a Poll the member leaves the group. Poll is called all the time but when the
// runtime has given itself up: that is when others are to have its tasks.
const minPollInterval = 30 * time.Second

type member struct {
	c    *kafka.Consumer
	cfg  transport.MemberConfig
	log  *slog.Logger
	dead atomic.Bool // a fatal error has come
}

// NewMember implements [transport.Client].
func (c *Client) NewMember(cfg transport.MemberConfig) (transport.Member, error) {
	own := kafka.ConfigMap{
		"group.id":                      cfg.Group,
		"client.id":                     cfg.ClientID,
		"enable.auto.commit":            false,
		"auto.offset.reset":             "latest",
		"isolation.level":               "read_committed", // so that Committed waits for open transactions
		"partition.assignment.strategy": "cooperative-sticky",
		"session.timeout.ms":            int(cfg.Session / time.Millisecond),
		"heartbeat.interval.ms":         int(cfg.Session / time.Millisecond / 6),
		"max.poll.interval.ms":          int(max(cfg.Session, minPollInterval) / time.Millisecond),
		// A topic that grew has more to do: notice soon.
		"topic.metadata.refresh.interval.ms": 30_000,
	}
	if cfg.Instance != "" {
		own["group.instance.id"] = cfg.Instance
	}
	k, err := kafka.NewConsumer(c.config(own))
	if err != nil {
		return nil, wrap("make a member", err)
	}
	m := &member{c: k, cfg: cfg, log: c.cfg.Logger}
	if err := k.SubscribeTopics([]string{cfg.Topic}, m.rebalanced); err != nil {
		_ = k.Close() // the subscription's error counts
		return nil, wrap("subscribe to "+cfg.Topic, err)
	}
	return m, nil
}

// rebalanced tells of the change first when something is taken, so that nothing is done for it once it is let go.
func (m *member) rebalanced(c *kafka.Consumer, ev kafka.Event) error {
	switch e := ev.(type) {
	case kafka.AssignedPartitions:
		if err := c.IncrementalAssign(e.Partitions); err != nil {
			return err
		}
		// The topic's records are of no interest here.
		if err := c.Pause(e.Partitions); err != nil {
			m.log.Warn("kafka: pause the tasks topic: " + err.Error())
		}
		m.cfg.Changed(indices(e.Partitions), nil)
	case kafka.RevokedPartitions:
		m.cfg.Changed(nil, indices(e.Partitions))
		return c.IncrementalUnassign(e.Partitions)
	}
	return nil
}

func indices(ps []kafka.TopicPartition) []int32 {
	list := make([]int32, len(ps))
	for i, p := range ps {
		list[i] = p.Partition
	}
	return list
}

// Poll implements [transport.Member].
func (m *member) Poll(wait time.Duration) error {
	switch e := m.c.Poll(int(wait / time.Millisecond)).(type) {
	case kafka.Error:
		m.dead.Store(e.IsFatal())
		if e.IsFatal() || e.Code() == kafka.ErrGroupAuthorizationFailed || e.Code() == kafka.ErrTopicAuthorizationFailed {
			return permit("membership", "READ on group "+m.cfg.Group+" and topic "+m.cfg.Topic, e)
		}
		m.log.Warn("kafka: membership: "+e.Error(), "code", e.Code().String())
	default: // records of the tasks topic and ends of its partitions
	}
	return nil
}

// Generation implements [transport.Member].
func (m *member) Generation() (transport.Generation, error) {
	g, err := m.c.GetConsumerGroupMetadata()
	if err != nil {
		return nil, wrap("read the group's generation", err)
	}
	return newGeneration(g)
}

// Commit implements [transport.Member].
func (m *member) Commit(_ context.Context, ps []transport.Position) error {
	done, err := m.c.CommitOffsets(positions(ps))
	if err != nil {
		return wrap("commit offsets", err)
	}
	for _, p := range done {
		if p.Error != nil {
			return wrap(fmt.Sprintf("commit the offset of topic %s, partition %d", *p.Topic, p.Partition), p.Error)
		}
	}
	return nil
}

// Committed implements [transport.Member].
func (m *member) Committed(ctx context.Context, ps []transport.Partition) ([]transport.Position, error) {
	in := make([]kafka.TopicPartition, len(ps))
	for i := range ps {
		in[i] = kafka.TopicPartition{Topic: &ps[i].Topic, Partition: ps[i].Index}
	}
	var out []kafka.TopicPartition
	for deadline := time.Now().Add(time.Minute); ; {
		var err error
		if out, err = m.c.Committed(in, 5000); err == nil {
			break
		}
		var ke kafka.Error
		if ctx.Err() != nil || time.Now().After(deadline) || !errors.As(err, &ke) || !ke.IsTimeout() && !ke.IsRetriable() {
			return nil, wrap("read committed offsets (if the brokers are well, a transaction that nobody ends holds them up: "+
				"kafka-transactions.sh find-hanging names it)", err)
		}
	}
	list := make([]transport.Position, len(out))
	for i, p := range out {
		if p.Error != nil {
			return nil, wrap(fmt.Sprintf("read the committed offset of topic %s, partition %d", *p.Topic, p.Partition), p.Error)
		}
		list[i] = transport.Position{Topic: *p.Topic, Index: p.Partition, Offset: int64(p.Offset)}
		if p.Offset < 0 {
			list[i].Offset = transport.None
		}
		if p.Metadata != nil {
			list[i].Metadata = *p.Metadata
		}
	}
	return list, nil
}

// Close implements [transport.Member]. A static member stays in the group until its session ends, so that it may come
// back without a rebalance. One that has failed for good is left to end with the process: librdkafka refuses to close
// it, and the Go client asks it again for ever.
func (m *member) Close() error {
	if m.dead.Load() {
		return nil
	}
	return wrap("close a member", m.c.Close())
}
