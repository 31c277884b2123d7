package serde

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"unsafe"
)

// primitive is a kind of type that Kafka's clients have a serializer for. It looks at a value's memory, so a named type, such as
// `type SiteID string`, is as what it is made of.
type primitive uint8

const (
	notPrimitive primitive = iota
	ofString
	ofBytes // slices of kind uint8
	ofBool
	of1    // int8, uint8
	of2    // int16, uint16
	of4    // int32, uint32, float32
	of8    // int64, uint64, float64
	ofInt  // 8 bytes, whatever its size is here
	ofUint // likewise
)

func primitiveOf(t reflect.Type) primitive {
	switch t.Kind() {
	case reflect.String:
		return ofString
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return ofBytes
		}
		return notPrimitive
	case reflect.Bool:
		return ofBool
	case reflect.Int8, reflect.Uint8:
		return of1
	case reflect.Int16, reflect.Uint16:
		return of2
	case reflect.Int32, reflect.Uint32, reflect.Float32:
		return of4
	case reflect.Int64, reflect.Uint64, reflect.Float64:
		return of8
	case reflect.Int:
		return ofInt
	case reflect.Uint:
		return ofUint
	default:
		return notPrimitive
	}
}

// append appends the value at p.
func (k primitive) append(dst []byte, p unsafe.Pointer) []byte {
	if k == ofString { // most keys are
		return append(dst, *(*string)(p)...)
	}
	switch k {
	case ofBytes:
		return append(dst, *(*[]byte)(p)...)
	case ofBool, of1: // a bool is the byte 0 or 1
		return append(dst, *(*byte)(p))
	case of2:
		return binary.BigEndian.AppendUint16(dst, *(*uint16)(p))
	case of4:
		return binary.BigEndian.AppendUint32(dst, *(*uint32)(p))
	case of8:
		return binary.BigEndian.AppendUint64(dst, *(*uint64)(p))
	case ofInt:
		return binary.BigEndian.AppendUint64(dst, uint64(*(*int)(p)))
	case ofUint:
		return binary.BigEndian.AppendUint64(dst, uint64(*(*uint)(p)))
	default:
		return dst
	}
}

// decode writes a value to p, if src is one.
func (k primitive) decode(src []byte, p unsafe.Pointer) bool {
	if k == ofString {
		*(*string)(p) = string(src)
		return true
	}
	if k != ofBytes && len(src) != k.size() {
		return false
	}
	switch k {
	case notPrimitive, ofString:
	case ofBytes: // never nil, which would be a null
		*(*[]byte)(p) = append(make([]byte, 0, len(src)), src...)
	case ofBool:
		if src[0] > 1 {
			return false
		}
		*(*bool)(p) = src[0] == 1
	case of1:
		*(*byte)(p) = src[0]
	case of2:
		*(*uint16)(p) = binary.BigEndian.Uint16(src)
	case of4:
		*(*uint32)(p) = binary.BigEndian.Uint32(src)
	case of8:
		*(*uint64)(p) = binary.BigEndian.Uint64(src)
	case ofInt:
		*(*int)(p) = int(int64(binary.BigEndian.Uint64(src)))
	case ofUint:
		*(*uint)(p) = uint(binary.BigEndian.Uint64(src))
	}
	return true
}

// size is how many bytes a value takes, of the kinds for which it is fixed.
func (k primitive) size() int {
	switch k {
	case ofBool, of1:
		return 1
	case of2:
		return 2
	case of4:
		return 4
	default:
		return 8
	}
}

// refused says why src is no value of type t.
func (k primitive) refused(t reflect.Type, src []byte) error {
	if k == ofBool && len(src) == 1 {
		return fmt.Errorf("serde: %s: a boolean is the byte 0 or 1, found %d: is this topic's type another?", t, src[0])
	}
	return fmt.Errorf("serde: %s takes %d bytes, found %d: was this written with another type?", t, k.size(), len(src))
}
