package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-go/millrace/examples/imagepipeline/pipeline"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/topology"
)

// partitions of all topics: as many images as are measured at once.
const partitions = 4

// createTopics makes those of the pipeline's topics that are missing; fresh says
// that all were.
func createTopics(ctx context.Context, cl *kgo.Client, bootstrap string, t pipeline.Topics) (fresh bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	admin := kadm.NewClient(cl)
	var names []string
	fresh = true
	for _, spec := range t.Specs() {
		var config map[string]*string
		if spec.Compact {
			config = map[string]*string{"cleanup.policy": new("compact")}
		}
		_, err := admin.CreateTopic(ctx, partitions, -1, config, spec.Name)
		exists := errors.Is(err, kerr.TopicAlreadyExists)
		if _, answered := errors.AsType[*kerr.Error](err); answered && !exists {
			return false, fmt.Errorf("topic %s was not made: %w: correct -prefix, or what the broker's log says", spec.Name, err)
		}
		if err != nil && !exists {
			return false, fmt.Errorf("topic %s was not made: %w: is there a broker at %s?", spec.Name, err, bootstrap)
		}
		fresh = fresh && !exists
		names = append(names, spec.Name)
	}
	// A broker knows a new topic a little later than it has made it.
	for {
		found, err := admin.ListTopics(ctx, names...)
		if err != nil {
			return false, fmt.Errorf("topics were made and cannot be listed: %w", err)
		}
		if found.Error() == nil {
			return fresh, nil
		}
		select {
		case <-ctx.Done():
			return false, fmt.Errorf("topics were made and do not appear: %w", found.Error())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// deleteTopics takes away all that a pipeline has made, its internal topics too.
func deleteTopics(ctx context.Context, cl *kgo.Client, t pipeline.Topics) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	admin := kadm.NewClient(cl)
	all, err := admin.ListTopics(ctx)
	if err != nil {
		return fmt.Errorf("topics %s* are left behind: %w", t.Prefix, err)
	}
	names := slices.DeleteFunc(all.Names(), func(name string) bool { return !strings.HasPrefix(name, t.Prefix) })
	for _, spec := range t.Specs() { // those that the broker does not list yet, too
		names = append(names, spec.Name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if _, err := admin.DeleteTopics(ctx, names...); err != nil {
		return fmt.Errorf("topics %s* are left behind: %w", t.Prefix, err)
	}
	return nil
}

// encode makes a record of a topic, for a client that knows nothing of topologies.
func encode[K, V any](t topology.Topic[K, V], key K, value V) (*kgo.Record, error) {
	keys, values, err := serdes(t)
	if err != nil {
		return nil, err
	}
	r := &kgo.Record{Topic: t.Name}
	if r.Key, err = keys.Append(nil, key); err != nil {
		return nil, err
	}
	r.Value, err = values.Append(nil, value)
	return r, err
}

// decode reads a record of a topic. A null is the zero V.
func decode[K, V any](t topology.Topic[K, V], r *kgo.Record) (key K, value V, err error) {
	keys, values, err := serdes(t)
	if err != nil {
		return key, value, err
	}
	if key, err = keys.Decode(r.Key); err == nil && r.Value != nil {
		value, err = values.Decode(r.Value)
	}
	if err != nil {
		err = fmt.Errorf("topic %s, partition %d, offset %d: %w", r.Topic, r.Partition, r.Offset, err)
	}
	return key, value, err
}

func serdes[K, V any](topology.Topic[K, V]) (serde.Serde[K], serde.Serde[V], error) {
	keys, err := serde.ForKey[K]()
	if err != nil {
		return nil, nil, err
	}
	values, err := serde.For[V]()
	return keys, values, err
}
