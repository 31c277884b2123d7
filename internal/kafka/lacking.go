package kafka

import (
	"context"
	"slices"
	"strings"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// lacking names those of several topics of which the user has not the right to op. A transaction and a fetch are refused for all
// their topics together, and only librdkafka's log says for which, so the broker is asked what the user may do with each. They
// are "one of" all where it does not say.
func (c *Client) lacking(topics map[string]*string, op kafka.ACLOperation) string {
	var all, bad []string
	for name := range topics {
		all = append(all, name)
	}
	slices.Sort(all)
	ctx, cancel := within(context.Background())
	defer cancel()
	res, err := c.admin.DescribeTopics(ctx, kafka.NewTopicCollectionOfTopicNames(all), kafka.SetAdminOptionIncludeAuthorizedOperations(true))
	if err == nil {
		for _, t := range res.TopicDescriptions {
			if denied(t.Error) || t.Error.Code() == kafka.ErrNoError && !slices.Contains(t.AuthorizedOperations, op) {
				bad = append(bad, t.Name)
			}
		}
	}
	switch {
	case len(bad) == 1:
		return "topic " + bad[0]
	case len(bad) > 1:
		return "topics " + strings.Join(bad, ", ")
	case len(all) == 1:
		return "topic " + all[0]
	default:
		return "one of the topics " + strings.Join(all, ", ")
	}
}
