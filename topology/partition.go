package topology

import "github.com/millrace-go/millrace/internal/graph"

// PartitionBy chooses the partition of each record that the operator sends (To, ToFunc, Repartition, and what repartitions for
// itself): choose gets how many there are and returns one of them, counted from 0; another number is an error, which goes to the
// processing error handler. A null key or value is the zero one to it. Without PartitionBy the partition follows from the key's
// bytes, as with Kafka's own producers.
//
// It is on the user that all records of a key are where the operators after it look for them: joins and aggregations see one
// partition each, and check no more than that two topics have equally many. Kafka Streams: StreamPartitioner.
func PartitionBy[K, V any](choose func(key K, value V, partitions int32) int32) Option {
	return func(o *graph.Options) {
		if choose != nil {
			o.Partitioner = choose
		}
	}
}
