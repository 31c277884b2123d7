package millrace

import (
	"fmt"

	"github.com/millrace-go/millrace/internal/murmur2"
	"github.com/millrace-go/millrace/internal/runtime"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/table"
)

// Location is where the row of a key is: the task that holds it, the instance that runs the task, and those that keep a copy.
type Location = runtime.Location

// Host is an instance and the address that it advertises.
type Host = runtime.Host

// ErrUnassigned is what [Locate] returns while the task of a key is on its way from one instance to another.
var ErrUnassigned = runtime.ErrUnassigned

// Locate tells which instance of the application holds the row of a key, if there is one: ask that instance at its
// [Config.AdvertisedAddress], which serves what [Get] returns there in a way of yours. It is for keys that lie where the default
// partitioner puts them, which hashes the encoded key; and it looks at what this instance has read of the members topic, so it
// costs little, and may be late by as much as a fail-over takes. (Kafka Streams: KafkaStreams.queryMetadataForKey, KIP-535.)
func Locate[K, V any](a *App, t *table.Table[K, V], k K) (Location, error) {
	rt := a.rt.Load()
	if rt == nil {
		return Location{}, fmt.Errorf("millrace: locate: the App does not run: wait for %s", StateRunning)
	}
	parts := t.Parts()
	key, err := parts.Key.Append(nil, k)
	if err != nil {
		return Location{}, fmt.Errorf("millrace: locate: the key does not encode: %w", err)
	}
	l, err := rt.Locate(parts.View().Stores, func(count int32) int32 {
		return murmur2.Partition(serde.PartitionBytes(parts.Key, key), count)
	})
	if err != nil {
		return l, fmt.Errorf("millrace: locate: %w", err)
	}
	return l, nil
}
