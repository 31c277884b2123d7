package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// InternalTopics are the topics that an application made, as far as their names tell: they begin with its id and a hyphen, and
// with no longer id of another application that is on the cluster. An application is known by a topic that ends with suffix.
func (c *Client) InternalTopics(app, suffix string) ([]string, error) {
	meta, err := c.admin.GetMetadata(nil, true, int(adminPatience.Milliseconds()))
	if err != nil {
		return nil, wrap("list topics", err)
	}
	var others []string
	for name := range meta.Topics {
		if other, ok := strings.CutSuffix(name, suffix); ok && strings.HasPrefix(other, app+"-") {
			others = append(others, other+"-")
		}
	}
	var topics []string
	for name := range meta.Topics {
		if strings.HasPrefix(name, app+"-") && !slices.ContainsFunc(others, func(other string) bool { return strings.HasPrefix(name, other) }) {
			topics = append(topics, name)
		}
	}
	slices.Sort(topics)
	return topics, nil
}

// Committed are the topics of which a group has committed positions.
func (c *Client) Committed(ctx context.Context, group string) ([]string, error) {
	var topics []string
	err := settled(ctx, func(ctx context.Context) error {
		topics = nil
		res, err := c.admin.ListConsumerGroupOffsets(ctx, []kafka.ConsumerGroupTopicPartitions{{Group: group}})
		if ke, ok := errors.AsType[kafka.Error](err); ok && ke.Code() == kafka.ErrGroupIDNotFound {
			return nil
		}
		if err != nil {
			return permit("list the positions of group "+group, "DESCRIBE on group "+group, err)
		}
		for _, g := range res.ConsumerGroupsTopicPartitions {
			for _, p := range g.Partitions {
				if p.Offset >= 0 && !slices.Contains(topics, *p.Topic) {
					topics = append(topics, *p.Topic)
				}
			}
		}
		return nil
	})
	slices.Sort(topics)
	return topics, err
}

// DeleteTopics deletes topics; one that does not exist is no error.
func (c *Client) DeleteTopics(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	ctx, cancel := within(ctx)
	defer cancel()
	res, err := c.admin.DeleteTopics(ctx, names)
	if err != nil {
		return permit("delete topics", "DELETE on topics "+strings.Join(names, ", "), err)
	}
	for _, r := range res {
		switch r.Error.Code() {
		case kafka.ErrNoError, kafka.ErrUnknownTopicOrPart, kafka.ErrUnknownTopic:
		default:
			return permit("delete topic "+r.Topic, "DELETE on topic "+r.Topic, r.Error)
		}
	}
	return nil
}

// DeleteGroup deletes a group with its positions; one that does not exist is no error, one that has members is.
func (c *Client) DeleteGroup(ctx context.Context, group string) error {
	return settled(ctx, func(ctx context.Context) error {
		res, err := c.admin.DeleteConsumerGroups(ctx, []string{group})
		if err != nil {
			return permit("delete group "+group, "DELETE on group "+group, err)
		}
		for _, r := range res.ConsumerGroupResults {
			switch r.Error.Code() {
			case kafka.ErrNoError, kafka.ErrGroupIDNotFound:
			case kafka.ErrNonEmptyGroup:
				return fmt.Errorf("kafka: group %s has members: stop every instance, and wait until their session has timed out: %w", group, r.Error)
			default:
				return permit("delete group "+group, "DELETE on group "+group, r.Error)
			}
		}
		return nil
	})
}
