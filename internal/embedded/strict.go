package embedded

import (
	"regexp"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	maxTopicName      = 249
	maxOffsetMetadata = 4096 // bytes, the default of offset.metadata.max.bytes
)

// beStrict refuses what kfake would let pass and Kafka does not, so that a program that runs here runs there. Where Kafka
// refuses one topic or partition of a request, all of the request's are refused: kfake shows us whole requests only.
func beStrict(cluster *kfake.Cluster) {
	cluster.Fault(
		refuse(kerr.OffsetMetadataTooLarge, tooMuchMetadata, kmsg.OffsetCommit, kmsg.TxnOffsetCommit),
		refuse(kerr.InvalidTopicException, illegalTopics, kmsg.CreateTopics),
		refuse(kerr.InvalidConfig, unknownConfigs, kmsg.CreateTopics),
	)
}

func refuse(why *kerr.Error, when func(kmsg.Request) bool, keys ...kmsg.Key) kfake.Fault {
	return kfake.Fault{Keys: keys, Err: why, When: when, Count: -1}
}

func tooMuchMetadata(req kmsg.Request) bool {
	large := func(metadata *string) bool { return metadata != nil && len(*metadata) > maxOffsetMetadata }
	switch req := req.(type) {
	case *kmsg.OffsetCommitRequest:
		for _, topic := range req.Topics {
			for _, p := range topic.Partitions {
				if large(p.Metadata) {
					return true
				}
			}
		}
	case *kmsg.TxnOffsetCommitRequest:
		for _, topic := range req.Topics {
			for _, p := range topic.Partitions {
				if large(p.Metadata) {
					return true
				}
			}
		}
	}
	return false
}

func illegalTopics(req kmsg.Request) bool {
	create, ok := req.(*kmsg.CreateTopicsRequest)
	return ok && slices.ContainsFunc(create.Topics, func(t kmsg.CreateTopicsRequestTopic) bool { return !legalTopic(t.Topic) })
}

var topicChars = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)

func legalTopic(name string) bool {
	return len(name) <= maxTopicName && name != "." && name != ".." && topicChars.MatchString(name)
}

func unknownConfigs(req kmsg.Request) bool {
	create, ok := req.(*kmsg.CreateTopicsRequest)
	return ok && slices.ContainsFunc(create.Topics, func(t kmsg.CreateTopicsRequestTopic) bool {
		return slices.ContainsFunc(t.Configs, func(c kmsg.CreateTopicsRequestTopicConfig) bool { return !topicConfigs[c.Name] })
	})
}
