// Package graph is the untyped skeleton of a topology: nodes, topics and stores, and the contract by which typed
// operators are compiled into closures for one task.
//
// The typed builders (packages stream, table and task) add nodes; package topology checks the whole and prints it;
// package engine compiles it. An operator's closure takes a pointer to a [Record] (streams) or a [Change] (tables) and
// calls its children; types are asserted once, when a task is made, and never on a record's way.
package graph

// Header is a record header. Keys may repeat; order is kept. A nil Value is a null.
type Header struct {
	Key   string
	Value []byte
}

// Raw is a record as a topic holds it. A nil Key or Value is a null; an empty one is not. Bytes are immutable.
type Raw struct {
	Key, Value []byte
	Headers    []Header
	Timestamp  int64 // milliseconds since the epoch
	Offset     int64
	Partition  int32
}

// Record is what flows between stream operators. It belongs to the operator that made it and is valid only during the
// call, so that one struct serves for all records; whoever keeps something keeps a copy. No operator writes to the
// record it was given, since its sisters see the same one.
type Record[K, V any] struct {
	Key           K
	Value         V
	NullKey, Null bool
	Timestamp     int64
	Headers       []Header
	// Raw holds the bytes Value was decoded from while nothing has changed it, in the serde of the stream.
	Raw []byte
}

// Change is what flows between table operators: a row's new value and, where a child asked for it (Node.RequireOld),
// the old one. Neither new nor old means a row that was not there is gone again.
type Change[K, V any] struct {
	Key            K
	New, Old       V
	HasNew, HasOld bool
	Late           bool // older than the latest version of its key: of a versioned table (KIP-914)
	Timestamp      int64
	Headers        []Header
}

// Effect is a record that a task wants produced. Its bytes are valid only during the call to Emit.
type Effect struct {
	Topic      *Topic
	Partition  int32 // AnyPartition: the producer chooses
	Key, Value []byte
	Headers    []Header
	Timestamp  int64
}

// AnyPartition leaves the choice to the producer: a null key, or a topic whose partition count is not known.
const AnyPartition int32 = -1

// Source is a compiled source: what the engine feeds.
type Source struct {
	Process func(*Raw) error
	// Time is the timestamp of a record; nil: the one it carries.
	Time func(r *Raw, partitionTime int64) (int64, error)
}
