package topology

import "github.com/millrace-go/millrace/internal/graph"

// BufferRecords bounds how many changes a table that holds them back may hold, each of another key. One that waits for a
// time limit emits the oldest early when it is full, one that waits for windows to close fails: see [FailWhenFull]. With
// 0 nothing is held.
func BufferRecords(n int64) Option { return func(o *graph.Options) { o.BufferRecords = &n } }

// BufferBytes bounds how many bytes of changes a table that holds them back may hold, in Kafka Streams' reckoning: key,
// values, and some of the record that brought each. What becomes of the rest is as with [BufferRecords]; both may be
// given. Values are encoded at each update to know their size.
func BufferBytes(n int64) Option { return func(o *graph.Options) { o.BufferBytes = &n } }

// FailWhenFull stops a task whose table holds back more than [BufferRecords] or [BufferBytes] allow, instead of emitting
// early. No error policy is asked, since dropping records would not empty the buffer.
func FailWhenFull() Option { return func(o *graph.Options) { o.FailWhenFull = true } }
