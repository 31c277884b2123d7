// Package serde says how keys and values become bytes.
//
// A [Serde] turns one Go type into bytes and back. Stock serdes follow the type (see [For] and [ForKey]): string is raw
// UTF-8, integers are big-endian as the JVM's serializers write them, []byte is itself, and any other value is
// MessagePack; a struct used as a key gets a canonical codec that preserves order. Key bytes decide partitions and the
// order of stores, so they are part of a topology's contract.
//
// The package does not compress, does not talk to a schema registry, and never stores a type's name beside its bytes.
package serde

// Serde encodes and decodes T. An implementation is shared by every task of a process and must be safe for concurrent use.
type Serde[T any] interface {
	// Append appends v's bytes to dst and returns the extended slice; it must not keep dst.
	Append(dst []byte, v T) ([]byte, error)
	// Decode reads a T from all of src; it must not keep src, nor return a value that points into it.
	Decode(src []byte) (T, error)
}
