package graph

import "time"

// Options is what topology.Option sets. A field that an operator has no use for is an error at its call.
type Options struct {
	Name         string
	KeySerde     any
	ValueSerde   any
	Partitions   int32
	Memory       bool
	NoLog        bool
	EmitOnCommit bool
	Retention    time.Duration
	Extractor    any
	Stores       []*Store
	Err          error
}
