package serde

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"unsafe"
)

// The stock serdes of primitive kinds are empty generic structs: they cost nothing to hold, two of one T are equal, and T may be
// a named type, such as `type SiteID string`, because they look at T's memory by its kind.
//
// INVARIANT: primitiveOf is the only maker, and pairs each with the T whose kind it reads.

type (
	stringSerde[T any] struct{} // kind string
	bytesSerde[T any]  struct{} // kind slice of kind uint8
	boolSerde[T any]   struct{} // kind bool
	fixed1[T any]      struct{} // int8, uint8
	fixed2[T any]      struct{} // int16, uint16
	fixed4[T any]      struct{} // int32, uint32, float32
	fixed8[T any]      struct{} // int64, uint64, float64
	intSerde[T any]    struct{} // int: 8 bytes, whatever its size is here
	uintSerde[T any]   struct{} // uint
)

// primitiveOf returns the serde of a T that Kafka's clients have a serializer for, or false.
func primitiveOf[T any]() (Serde[T], bool) {
	switch t := reflect.TypeFor[T](); t.Kind() {
	case reflect.String:
		return stringSerde[T]{}, true
	case reflect.Slice:
		return bytesSerde[T]{}, t.Elem().Kind() == reflect.Uint8
	case reflect.Bool:
		return boolSerde[T]{}, true
	case reflect.Int8, reflect.Uint8:
		return fixed1[T]{}, true
	case reflect.Int16, reflect.Uint16:
		return fixed2[T]{}, true
	case reflect.Int32, reflect.Uint32, reflect.Float32:
		return fixed4[T]{}, true
	case reflect.Int64, reflect.Uint64, reflect.Float64:
		return fixed8[T]{}, true
	case reflect.Int:
		return intSerde[T]{}, true
	case reflect.Uint:
		return uintSerde[T]{}, true
	default:
		return nil, false
	}
}

// view looks at a value as another type of the same memory layout.
func view[To, From any](v *From) *To { return (*To)(unsafe.Pointer(v)) }

func (stringSerde[T]) Append(dst []byte, v T) ([]byte, error) {
	return append(dst, *view[string](&v)...), nil
}

func (stringSerde[T]) Decode(src []byte) (v T, err error) {
	*view[string](&v) = string(src)
	return v, nil
}

func (bytesSerde[T]) Append(dst []byte, v T) ([]byte, error) {
	return append(dst, *view[[]byte](&v)...), nil
}

// Decode returns an empty slice for empty input, never nil, which would be a null.
func (bytesSerde[T]) Decode(src []byte) (v T, err error) {
	*view[[]byte](&v) = append(make([]byte, 0, len(src)), src...)
	return v, nil
}

func (boolSerde[T]) Append(dst []byte, v T) ([]byte, error) {
	if *view[bool](&v) {
		return append(dst, 1), nil
	}
	return append(dst, 0), nil
}

func (boolSerde[T]) Decode(src []byte) (v T, err error) {
	if len(src) != 1 {
		return v, sizeError[T](src, 1)
	}
	if src[0] > 1 {
		return v, fmt.Errorf("serde: %s: a boolean is the byte 0 or 1, found %d: is this topic's type another?", reflect.TypeFor[T](), src[0])
	}
	*view[bool](&v) = src[0] == 1
	return v, nil
}

func (fixed1[T]) Append(dst []byte, v T) ([]byte, error) { return append(dst, *view[byte](&v)), nil }

func (fixed1[T]) Decode(src []byte) (v T, err error) {
	if len(src) != 1 {
		return v, sizeError[T](src, 1)
	}
	*view[byte](&v) = src[0]
	return v, nil
}

func (fixed2[T]) Append(dst []byte, v T) ([]byte, error) {
	return binary.BigEndian.AppendUint16(dst, *view[uint16](&v)), nil
}

func (fixed2[T]) Decode(src []byte) (v T, err error) {
	if len(src) != 2 {
		return v, sizeError[T](src, 2)
	}
	*view[uint16](&v) = binary.BigEndian.Uint16(src)
	return v, nil
}

func (fixed4[T]) Append(dst []byte, v T) ([]byte, error) {
	return binary.BigEndian.AppendUint32(dst, *view[uint32](&v)), nil
}

func (fixed4[T]) Decode(src []byte) (v T, err error) {
	if len(src) != 4 {
		return v, sizeError[T](src, 4)
	}
	*view[uint32](&v) = binary.BigEndian.Uint32(src)
	return v, nil
}

func (fixed8[T]) Append(dst []byte, v T) ([]byte, error) {
	return binary.BigEndian.AppendUint64(dst, *view[uint64](&v)), nil
}

func (fixed8[T]) Decode(src []byte) (v T, err error) {
	if len(src) != 8 {
		return v, sizeError[T](src, 8)
	}
	*view[uint64](&v) = binary.BigEndian.Uint64(src)
	return v, nil
}

func (intSerde[T]) Append(dst []byte, v T) ([]byte, error) {
	return binary.BigEndian.AppendUint64(dst, uint64(*view[int](&v))), nil
}

func (intSerde[T]) Decode(src []byte) (v T, err error) {
	if len(src) != 8 {
		return v, sizeError[T](src, 8)
	}
	*view[int](&v) = int(int64(binary.BigEndian.Uint64(src)))
	return v, nil
}

func (uintSerde[T]) Append(dst []byte, v T) ([]byte, error) {
	return binary.BigEndian.AppendUint64(dst, uint64(*view[uint](&v))), nil
}

func (uintSerde[T]) Decode(src []byte) (v T, err error) {
	if len(src) != 8 {
		return v, sizeError[T](src, 8)
	}
	*view[uint](&v) = uint(binary.BigEndian.Uint64(src))
	return v, nil
}

func sizeError[T any](src []byte, want int) error {
	return fmt.Errorf("serde: %s takes %d bytes, found %d: was this written with another type?", reflect.TypeFor[T](), want, len(src))
}
