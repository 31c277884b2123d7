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
	Retention    time.Duration
	Extractor    any
	Stores       []*Store
	Err          error
}
