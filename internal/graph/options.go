package graph

import "time"

// Options is what topology.Option sets. An operator ignores the fields that it has no use for.
type Options struct {
	Name          string
	KeySerde      any
	ValueSerde    any
	Partitions    int32
	Partitioner   any // func(K, V, int32) int32
	Memory        bool
	NoLog         bool
	EmitOnCommit  bool
	EmitOnClose   bool
	IdleClose     time.Duration
	Retention     time.Duration
	Extractor     any
	Stores        []*Store
	BufferRecords *int64 // what a table that holds changes back may hold; nil: any number
	BufferBytes   *int64
	FailWhenFull  bool
	History       *time.Duration // of a versioned table
	JoinGrace     *time.Duration // how long a stream-table join holds records back
	Err           error
}
