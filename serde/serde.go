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

// Viewer is implemented by a Serde that can decode in place, and without copying what cannot be changed. Sources ask for it,
// since a record's bytes are never changed; the rows of stores are decoded by Decode. The stock serdes implement it for
// strings and for what holds strings. (It took the allocations of an image in package bench from 7 to 2.)
type Viewer[T any] interface {
	// View is Decode into v, whatever v held, but that strings in the value may point into src, which is never changed again
	// and stays in memory as long as they do. A []byte must still be a copy, and what v points to must be new: whoever gets the
	// value may change and keep it.
	View(src []byte, v *T) error
}

// viewLimit is how many bytes a short string may keep in memory. A store holds a few thousand decoded rows.
const viewLimit = 4 << 10

// Viewing returns the View of s if it is a [Viewer], for values that are short, so that what is kept of one never keeps much more
// of its source; otherwise Decode. What the result decodes must never be changed again.
func Viewing[T any](s Serde[T]) func(src []byte, v *T) error {
	decode := func(src []byte, v *T) (err error) {
		*v, err = s.Decode(src)
		return err
	}
	viewer, ok := s.(Viewer[T])
	if !ok {
		return decode
	}
	return func(src []byte, v *T) error {
		if len(src) > viewLimit {
			return decode(src, v)
		}
		return viewer.View(src, v)
	}
}
