package stream

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/millrace-go/millrace/internal/graph"
)

// Header is a record header. Keys may repeat and order is kept; a nil Value is a null.
type Header = graph.Header

// Record is what the richer callbacks see: ProcessValues, Process and ToFunc.
type Record[K, V any] struct {
	Key       K
	Value     V
	NullKey   bool  // the key is absent
	Null      bool  // the value is absent: a tombstone
	Timestamp int64 // milliseconds since the epoch
	Headers   []Header
	// Where the record being processed came from. They are "", 0 and 0 in a punctuation, and what they say is not
	// looked at when a record is forwarded.
	Topic     string
	Partition int32
	Offset    int64
}

// String is the record for people: key -> value at timestamp, then its headers.
func (r Record[K, V]) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s -> %s at %d", show(r.Key, r.NullKey), show(r.Value, r.Null), r.Timestamp)
	for _, h := range r.Headers {
		fmt.Fprintf(&b, " %s=%s", h.Key, show(string(h.Value), h.Value == nil))
	}
	return b.String()
}

// show follows pointers, of which nobody wants to see the address.
func show(x any, null bool) string {
	v := reflect.ValueOf(x)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch {
	case null, !v.IsValid(), v.Kind() == reflect.Pointer:
		return "null"
	case v.CanConvert(reflect.TypeFor[[]byte]()) && v.Kind() == reflect.Slice:
		return fmt.Sprintf("%q", v.Bytes())
	default:
		return fmt.Sprint(v.Interface())
	}
}

func recordOf[K, V any](ctx *graph.Context, r *graph.Record[K, V]) Record[K, V] {
	return Record[K, V]{
		Key: r.Key, Value: r.Value, NullKey: r.NullKey, Null: r.Null, Timestamp: r.Timestamp, Headers: r.Headers,
		Topic: ctx.Topic, Partition: ctx.Partition, Offset: ctx.Offset,
	}
}
