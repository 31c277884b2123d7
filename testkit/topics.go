package testkit

import (
	"strings"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/murmur2"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// Input pipes records into a topic.
type Input[K, V any] struct {
	d     *Driver
	topic string
	ks    serde.Serde[K]
	vs    serde.Serde[V]
}

// Input returns the way into a topic. One that the topology does not read fails the test.
func (d *Driver) Input[K, V any](t topology.Topic[K, V]) *Input[K, V] {
	d.t.Helper()
	d.checkTopic(t.Name, "read", reads)
	ks, vs := serdes(d, t)
	return &Input[K, V]{d, t.Name, ks, vs}
}

func serdes[K, V any](d *Driver, t topology.Topic[K, V]) (serde.Serde[K], serde.Serde[V]) {
	d.t.Helper()
	ks, vs := t.Key, t.Value
	var err error
	if ks == nil {
		if ks, err = serde.ForKey[K](); err != nil {
			d.t.Fatalf("testkit: topic %s: key: %v", t.Name, err)
		}
	}
	if vs == nil {
		if vs, err = serde.For[V](); err != nil {
			d.t.Fatalf("testkit: topic %s: value: %v", t.Name, err)
		}
	}
	return ks, vs
}

// Pipe sends a record at a time in milliseconds since the epoch, and returns when all that follows from it is done.
func (in *Input[K, V]) Pipe(key K, value V, at int64) {
	in.d.t.Helper()
	in.PipeRecord(stream.Record[K, V]{Key: key, Value: value, Timestamp: at})
}

// PipeNull sends a record without a value: a delete, for a table.
func (in *Input[K, V]) PipeNull(key K, at int64) {
	in.d.t.Helper()
	in.PipeRecord(stream.Record[K, V]{Key: key, Null: true, Timestamp: at})
}

// PipeNullKey sends a record without a key.
func (in *Input[K, V]) PipeNullKey(value V, at int64) {
	in.d.t.Helper()
	in.PipeRecord(stream.Record[K, V]{Value: value, NullKey: true, Timestamp: at})
}

// PipeRecord sends a record with headers and nulls as it says; Topic, Partition and Offset are not looked at.
func (in *Input[K, V]) PipeRecord(r stream.Record[K, V]) {
	in.d.t.Helper()
	in.pipe(r, -1)
}

// PipeTo sends a record to a partition, whatever its key.
func (in *Input[K, V]) PipeTo(partition int32, r stream.Record[K, V]) {
	in.d.t.Helper()
	if partition < 0 {
		in.d.t.Fatalf("testkit: pipe into %s: there is no partition %d: partitions count from 0; PipeRecord goes by the key", in.topic, partition)
	}
	in.pipe(r, partition)
}

func (in *Input[K, V]) pipe(r stream.Record[K, V], partition int32) {
	in.d.t.Helper()
	raw := graph.Raw{Timestamp: r.Timestamp, Headers: r.Headers}
	var err error
	if !r.NullKey && !isNil(&r.Key) {
		if raw.Key, err = in.ks.Append([]byte{}, r.Key); err != nil {
			in.d.t.Fatalf("testkit: pipe into %s: encode key %v: %v", in.topic, r.Key, err)
		}
		if partition < 0 { // by a windowed key's inner key
			partition = murmur2.Partition(serde.PartitionBytes(in.ks, raw.Key), in.d.c.partitionsOf(in.topic))
		}
	}
	if !r.Null && !isNil(&r.Value) {
		if raw.Value, err = in.vs.Append([]byte{}, r.Value); err != nil {
			in.d.t.Fatalf("testkit: pipe into %s: encode value %v: %v", in.topic, r.Value, err)
		}
	}
	in.d.do(step{topic: in.topic, partition: partition, rec: raw})
}

// PipeBytes sends a record as bytes; nil is null.
func (d *Driver) PipeBytes(topic string, key, value []byte, at int64, headers ...stream.Header) {
	d.t.Helper()
	d.do(step{topic: topic, partition: -1, rec: graph.Raw{Key: clone(key), Value: clone(value), Timestamp: at, Headers: headers}})
}

// Output reads the records of a topic that the topology writes.
type Output[K, V any] struct {
	d     *Driver
	topic string
	ks    serde.Serde[K]
	vs    serde.Serde[V]
}

// Output returns the way out of a topic. Records are read once, in the order in which they were written, over all
// partitions, also through several Outputs of the topic. A topic that the topology does not write fails the test.
func (d *Driver) Output[K, V any](t topology.Topic[K, V]) *Output[K, V] {
	d.t.Helper()
	d.checkTopic(t.Name, "write", writes)
	ks, vs := serdes(d, t)
	return &Output[K, V]{d, t.Name, ks, vs}
}

// Read returns the next record, and fails the test if there is none.
func (out *Output[K, V]) Read() stream.Record[K, V] {
	out.d.t.Helper()
	r, ok := out.next()
	if !ok {
		out.d.t.Fatalf("testkit: no more records on %s: %d were read, and this is all that was produced:\n%s", out.topic, out.d.read[out.topic], out.d.produced())
	}
	return r
}

// ReadAll returns the records that have not been read.
func (out *Output[K, V]) ReadAll() []stream.Record[K, V] {
	out.d.t.Helper()
	var all []stream.Record[K, V]
	for {
		r, ok := out.next()
		if !ok {
			return all
		}
		all = append(all, r)
	}
}

// Values are the values of the records that have not been read; a null is the zero V.
func (out *Output[K, V]) Values() []V {
	out.d.t.Helper()
	var vs []V
	for _, r := range out.ReadAll() {
		vs = append(vs, r.Value)
	}
	return vs
}

func (out *Output[K, V]) next() (r stream.Record[K, V], ok bool) {
	out.d.t.Helper()
	skip := out.d.read[out.topic]
	for _, p := range out.d.c.produced {
		if p.Topic != out.topic {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		out.d.read[out.topic]++
		r = stream.Record[K, V]{NullKey: p.Key == nil, Null: p.Value == nil, Timestamp: p.Timestamp, Headers: p.Headers, Topic: p.Topic, Partition: p.Partition}
		var err error
		if !r.NullKey {
			if r.Key, err = out.ks.Decode(p.Key); err != nil {
				out.d.t.Fatalf("testkit: read from %s: decode key %q: %v", out.topic, p.Key, err)
			}
		}
		if !r.Null {
			if r.Value, err = out.vs.Decode(p.Value); err != nil {
				out.d.t.Fatalf("testkit: read from %s: decode value %q: %v", out.topic, p.Value, err)
			}
		}
		return r, true
	}
	return r, false
}

func (d *Driver) produced() string {
	if len(d.c.produced) == 0 {
		return "  nothing"
	}
	var s strings.Builder
	for _, p := range d.c.produced {
		s.WriteString("  " + p.String() + "\n")
	}
	return s.String()
}
