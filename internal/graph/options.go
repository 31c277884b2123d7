package graph

import "time"

// Options is what topology.Option sets. An operator ignores the fields that it has no use for.
type Options struct {
	Name         string
	KeySerde     any
	ValueSerde   any
	Partitions   int32
	Memory       bool
	NoLog        bool
	EmitOnCommit bool
	EmitOnClose  bool
	IdleClose    time.Duration
	Retention    time.Duration
	Extractor    any
	Stores       []*Store
	// What a table that holds changes back may hold; 0: any number. Full, it emits early, or fails.
	BufferRecords, BufferBytes int64
	FailWhenFull               bool
	Err                        error
}
