package window

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/millrace-go/millrace/serde"
)

// Key is a key in a window. Start and End are in milliseconds since the epoch. End is exclusive for tumbling and hopping
// windows and inclusive for sessions, as in Kafka Streams: a session of one record has Start == End.
type Key[K any] struct {
	Key        K
	Start, End int64
}

// String is the key as Kafka Streams prints it: [key@start/end].
func (k Key[K]) String() string { return fmt.Sprintf("[%v@%d/%d]", k.Key, k.Start, k.End) }

// KeySerde is the stock serde of windowed keys, which [serde.ForKey] finds: [KeySerde] over the stock serde of K.
func (k Key[K]) KeySerde() (serde.Serde[Key[K]], error) {
	inner, err := serde.ForKey[K]()
	if err != nil {
		return nil, err
	}
	return KeySerde(inner), nil
}

// KeySerde returns the serde of windowed keys over any serde of the key: the key's bytes, then End, then Start, 8 bytes each,
// big-endian. This is the layout of Kafka Streams' SessionWindowedSerializer, and it loses nothing for any kind of window. The
// partition is decided by the key's bytes alone (see [serde.Partitioned]).
func KeySerde[K any](inner serde.Serde[K]) serde.Serde[Key[K]] { return keySerde[K]{inner} }

// TimeKeySerde returns the serde of keys in windows of one known size, in the layout of Kafka Streams' TimeWindowedSerializer: the
// key's bytes, then Start, 8 bytes, big-endian. End is Start plus size, so Append refuses a key with another End. The
// partition is decided by the key's bytes alone. A size that is not a positive number of milliseconds makes every call fail;
// [serde.Err] tells beforehand.
func TimeKeySerde[K any](inner serde.Serde[K], size time.Duration) serde.Serde[Key[K]] {
	s := timeKeySerde[K]{inner: inner, size: size.Milliseconds(), err: serde.Err(inner)}
	if ms, err := millis(size); err != nil || ms == 0 {
		s.err = fmt.Errorf("window: TimeKeySerde(%v): the size must be a positive number of whole milliseconds", size)
	}
	return s
}

type keySerde[K any] struct{ inner serde.Serde[K] }

const keyTail = 16 // bytes after the key: End and Start

func (s keySerde[K]) Err() error { return serde.Err(s.inner) }

func (s keySerde[K]) Append(dst []byte, k Key[K]) ([]byte, error) {
	b, err := s.inner.Append(dst, k.Key)
	if err != nil {
		return dst, err
	}
	b = binary.BigEndian.AppendUint64(b, uint64(k.End))
	return binary.BigEndian.AppendUint64(b, uint64(k.Start)), nil
}

func (s keySerde[K]) Decode(src []byte) (k Key[K], err error) {
	key, err := s.times(src, &k)
	if err == nil {
		k.Key, err = s.inner.Decode(key)
	}
	return k, err
}

// View implements [serde.Viewer].
func (s keySerde[K]) View(src []byte, k *Key[K]) error {
	key, err := s.times(src, k)
	if err != nil {
		return err
	}
	if v, ok := s.inner.(serde.Viewer[K]); ok {
		return v.View(key, &k.Key)
	}
	k.Key, err = s.inner.Decode(key)
	return err
}

// times reads the times into k and returns the bytes of the key.
func (s keySerde[K]) times(src []byte, k *Key[K]) ([]byte, error) {
	n := len(src) - keyTail
	if n < 0 {
		return nil, shortError[K](src, keyTail)
	}
	k.Start, k.End = int64(binary.BigEndian.Uint64(src[n+8:])), int64(binary.BigEndian.Uint64(src[n:]))
	return src[:n:n], nil
}

func (s keySerde[K]) PartitionBytes(encoded []byte) []byte {
	return partitionBytes(s.inner, encoded, keyTail)
}

type timeKeySerde[K any] struct {
	inner serde.Serde[K]
	size  int64 // milliseconds
	err   error
}

const timeKeyTail = 8 // bytes after the key: Start

func (s timeKeySerde[K]) Err() error { return s.err }

// end is where a window ends that starts at start; like Kafka Streams' it stops at the largest time.
func (s timeKeySerde[K]) end(start int64) int64 {
	if start <= math.MaxInt64-s.size {
		return start + s.size
	}
	return math.MaxInt64
}

func (s timeKeySerde[K]) Append(dst []byte, k Key[K]) ([]byte, error) {
	if s.err != nil {
		return dst, s.err
	}
	if end := s.end(k.Start); k.End != end {
		return dst, fmt.Errorf("window: a window of %d ms from %d ends at %d, not at %d: give TimeKeySerde the windows' size, or use KeySerde, which writes the end", s.size, k.Start, end, k.End)
	}
	b, err := s.inner.Append(dst, k.Key)
	if err != nil {
		return dst, err
	}
	return binary.BigEndian.AppendUint64(b, uint64(k.Start)), nil
}

func (s timeKeySerde[K]) Decode(src []byte) (Key[K], error) {
	if s.err != nil {
		return Key[K]{}, s.err
	}
	n := len(src) - timeKeyTail
	if n < 0 {
		return Key[K]{}, shortError[K](src, timeKeyTail)
	}
	key, err := s.inner.Decode(src[:n:n])
	if err != nil {
		return Key[K]{}, err
	}
	start := int64(binary.BigEndian.Uint64(src[n:]))
	return Key[K]{Key: key, Start: start, End: s.end(start)}, nil
}

func (s timeKeySerde[K]) PartitionBytes(encoded []byte) []byte {
	return partitionBytes(s.inner, encoded, timeKeyTail)
}

func partitionBytes[K any](inner serde.Serde[K], encoded []byte, tail int) []byte {
	n := len(encoded) - tail
	if n < 0 {
		return encoded
	}
	return serde.PartitionBytes(inner, encoded[:n:n])
}

func shortError[K any](src []byte, tail int) error {
	return fmt.Errorf("window: %s: a windowed key ends in %d bytes of times, found %d bytes in all: was this topic written without windows, or by another windowed serializer?",
		reflect.TypeFor[Key[K]](), tail, len(src))
}
