package embedded

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
)

// create makes the topics that are not there yet, and reports all that it cannot make.
func (b *Broker) create(topics map[string]int32) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(topics)) {
		errs = append(errs, b.createOne(name, topics[name]))
	}
	return errors.Join(errs...)
}

func (b *Broker) createOne(name string, partitions int32) error {
	if partitions < 1 {
		return fmt.Errorf("embedded: topic %s: %d partitions: give it at least one", name, partitions)
	}
	if !legalTopic(name) {
		return fmt.Errorf("embedded: topic %q: the name may have up to %d letters, digits, '.', '_' and '-'", name, maxTopicName)
	}
	err := b.cluster.CreateTopic(name, partitions, nil)
	if errors.Is(err, kerr.TopicAlreadyExists) {
		if have := len(b.cluster.PartitionInfos(name)); have != int(partitions) {
			return fmt.Errorf("embedded: topic %s has %d partitions in the data directory, not %d: ask for as many, or use another directory", name, have, partitions)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("embedded: create topic %s: %w", name, err)
	}
	return nil
}
