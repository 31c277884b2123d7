package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/millrace-go/millrace/internal/transport"
)

const (
	// adminPatience bounds an administrative request.
	adminPatience = 15 * time.Second
	// answerPatience is how long to wait for an answer before the question is put again.
	answerPatience = 4 * time.Second
)

func within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, adminPatience)
}

// Topics implements [transport.Admin].
func (c *Client) Topics(ctx context.Context, names []string) (found map[string]transport.Topic, err error) {
	if len(names) == 0 {
		return map[string]transport.Topic{}, nil
	}
	err = settled(ctx, func(ctx context.Context) error {
		found, err = c.topicsOnce(ctx, names)
		return err
	})
	return found, err
}

func (c *Client) topicsOnce(ctx context.Context, names []string) (map[string]transport.Topic, error) {
	found := map[string]transport.Topic{}
	res, err := c.admin.DescribeTopics(ctx, kafka.NewTopicCollectionOfTopicNames(names))
	if err != nil {
		return nil, wrap("describe topics", err)
	}
	for _, t := range res.TopicDescriptions {
		switch t.Error.Code() {
		case kafka.ErrNoError:
			found[t.Name] = transport.Topic{ID: t.TopicID.String(), Partitions: int32(len(t.Partitions))}
		case kafka.ErrUnknownTopicOrPart, kafka.ErrUnknownTopic:
		default:
			return nil, permit("describe topic "+t.Name, "READ (of a source), WRITE (of a sink) or both (of the application's own) on topic "+t.Name, t.Error)
		}
	}
	return found, nil
}

// Create implements [transport.Admin].
func (c *Client) Create(ctx context.Context, specs []transport.TopicSpec) error {
	if len(specs) == 0 {
		return nil
	}
	return settled(ctx, func(ctx context.Context) error { return c.createOnce(ctx, specs) })
}

func (c *Client) createOnce(ctx context.Context, specs []transport.TopicSpec) error {
	list := make([]kafka.TopicSpecification, len(specs))
	for i, s := range specs {
		list[i] = kafka.TopicSpecification{Topic: s.Name, NumPartitions: int(s.Partitions), ReplicationFactor: s.Replicas, Config: s.Config}
		if s.Replicas == 0 {
			list[i].ReplicationFactor = -1
		}
	}
	res, err := c.admin.CreateTopics(ctx, list)
	if err != nil {
		return wrap("create topics", err)
	}
	for _, r := range res {
		if code := r.Error.Code(); code != kafka.ErrNoError && code != kafka.ErrTopicAlreadyExists {
			return permit("create topic "+r.Topic, "CREATE on topic "+r.Topic, r.Error)
		}
	}
	return nil
}

// Configs implements [transport.Admin]. Topics are asked for one at a time: that is all the client takes for those of
// different brokers.
func (c *Client) Configs(ctx context.Context, names []string) (map[string]map[string]string, error) {
	all := map[string]map[string]string{}
	for _, name := range names {
		err := settled(ctx, func(ctx context.Context) (err error) {
			all[name], err = c.configsOnce(ctx, name)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (c *Client) configsOnce(ctx context.Context, name string) (map[string]string, error) {
	res, err := c.admin.DescribeConfigs(ctx, []kafka.ConfigResource{{Type: kafka.ResourceTopic, Name: name}})
	if err != nil {
		return nil, permit("describe the settings of topic "+name, "DESCRIBE_CONFIGS on topic "+name, err)
	}
	configs := map[string]string{}
	for _, r := range res {
		if r.Error.Code() != kafka.ErrNoError {
			return nil, permit("describe the settings of topic "+name, "DESCRIBE_CONFIGS on topic "+name, r.Error)
		}
		for k, v := range r.Config {
			configs[k] = v.Value
		}
	}
	return configs, nil
}

// Starts implements [transport.Admin].
func (c *Client) Starts(ctx context.Context, ps []transport.Partition) (map[transport.Partition]int64, error) {
	return c.offsets(ctx, ps, kafka.EarliestOffsetSpec)
}

// Ends implements [transport.Admin].
func (c *Client) Ends(ctx context.Context, ps []transport.Partition) (map[transport.Partition]int64, error) {
	return c.offsets(ctx, ps, kafka.LatestOffsetSpec)
}

// offsets lists offsets.
func (c *Client) offsets(ctx context.Context, ps []transport.Partition, spec kafka.OffsetSpec) (found map[transport.Partition]int64, err error) {
	err = settled(ctx, func(ctx context.Context) error {
		found, err = c.offsetsOnce(ctx, ps, spec)
		return c.refresh(ps, err)
	})
	return found, err
}

// refresh looks up the leaders of topics after an error that may come from their having moved, and returns the error: the
// admin client does not look by itself, neither when it is told so nor when nobody answers.
func (c *Client) refresh(ps []transport.Partition, err error) error {
	if err == nil || !settling(err) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	asked := map[string]bool{}
	for i := range ps {
		if topic := ps[i].Topic; !asked[topic] {
			asked[topic] = true
			if _, err := c.admin.GetMetadata(&topic, false, 1000); err != nil {
				c.cfg.Logger.Debug("kafka: metadata of topic " + topic + ": " + err.Error())
			}
		}
	}
	return err
}

// settled asks again while a topic is so young that a broker does not know it yet, its leader moves, or the group's
// coordinator does; and where no answer comes, since a question that went astray is not asked again by the client.
func settled(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := within(ctx)
	defer cancel()
	for {
		// A question that was put is waited for, whatever ends meanwhile: to leave one behind and close the client corrupts
		// librdkafka's memory (librdkafka 4605).
		try, stop := context.WithTimeout(context.WithoutCancel(ctx), answerPatience)
		err := ask(try)
		stop()
		lost := errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil
		if err == nil || !lost && !settling(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func settling(err error) bool {
	var ke kafka.Error
	if !errors.As(err, &ke) {
		return false
	}
	switch ke.Code() {
	case kafka.ErrNotLeaderForPartition, kafka.ErrLeaderNotAvailable, kafka.ErrUnknownTopicOrPart, kafka.ErrReplicaNotAvailable, kafka.ErrUnknownPartition,
		kafka.ErrFencedLeaderEpoch, kafka.ErrUnknownLeaderEpoch, // the client's metadata are behind the broker's, or ahead
		kafka.ErrNoent: // no partition has a leader yet, as far as the client knows
		return true
	default:
		return movingCoordinator(ke.Code())
	}
}

func (c *Client) offsetsOnce(ctx context.Context, ps []transport.Partition, spec kafka.OffsetSpec) (map[transport.Partition]int64, error) {
	found := map[transport.Partition]int64{}
	if len(ps) == 0 {
		return found, nil
	}
	ask := map[kafka.TopicPartition]kafka.OffsetSpec{}
	for i := range ps {
		ask[kafka.TopicPartition{Topic: &ps[i].Topic, Partition: ps[i].Index}] = spec
	}
	res, err := c.admin.ListOffsets(ctx, ask, kafka.SetAdminIsolationLevel(kafka.IsolationLevelReadUncommitted))
	if err != nil {
		return nil, wrap("list offsets", err)
	}
	for tp, r := range res.ResultInfos {
		if r.Error.Code() != kafka.ErrNoError {
			return nil, wrap(fmt.Sprintf("list offsets of topic %s, partition %d", *tp.Topic, tp.Partition), r.Error)
		}
		found[transport.Partition{Topic: *tp.Topic, Index: tp.Partition}] = int64(r.Offset)
	}
	return found, nil
}

// Purge implements [transport.Admin].
func (c *Client) Purge(ctx context.Context, ps []transport.Position) error {
	if len(ps) == 0 {
		return nil
	}
	bare, of := make([]transport.Position, len(ps)), make([]transport.Partition, len(ps))
	for i, p := range ps {
		bare[i], of[i] = transport.Position{Partition: p.Partition, Offset: p.Offset}, p.Partition
	}
	return settled(ctx, func(ctx context.Context) error {
		return c.refresh(of, c.purgeOnce(ctx, bare))
	})
}

func (c *Client) purgeOnce(ctx context.Context, bare []transport.Position) error {
	res, err := c.admin.DeleteRecords(ctx, positions(bare))
	if err != nil {
		return wrap("delete records", err)
	}
	for _, r := range res.DeleteRecordsResults {
		if r.TopicPartition.Error != nil {
			return permit(fmt.Sprintf("delete records of topic %s, partition %d", *r.TopicPartition.Topic, r.TopicPartition.Partition),
				"DELETE on topic "+*r.TopicPartition.Topic, r.TopicPartition.Error)
		}
	}
	return nil
}

// Members implements [transport.Admin].
func (c *Client) Members(ctx context.Context, group string) (list []transport.MemberInfo, err error) {
	err = settled(ctx, func(ctx context.Context) error {
		list, err = c.membersOnce(ctx, group)
		return err
	})
	return list, err
}

func (c *Client) membersOnce(ctx context.Context, group string) ([]transport.MemberInfo, error) {
	res, err := c.admin.DescribeConsumerGroups(ctx, []string{group})
	if err != nil {
		return nil, permit("describe group "+group, "READ on group "+group, err)
	}
	var list []transport.MemberInfo
	for _, g := range res.ConsumerGroupDescriptions {
		switch g.Error.Code() {
		case kafka.ErrNoError:
		case kafka.ErrGroupIDNotFound:
			continue
		default:
			return nil, permit("describe group "+group, "READ on group "+group, g.Error)
		}
		for _, m := range g.Members {
			list = append(list, transport.MemberInfo{ID: m.ConsumerID, ClientID: m.ClientID, Instance: m.GroupInstanceID, Host: m.Host})
		}
	}
	return list, nil
}
