package serde

import (
	"encoding/binary"
	"math"
	"reflect"
	"time"
	"unsafe"
)

// keyScalar returns the program of a kind that holds no other value.
func keyScalar(k reflect.Kind) (keyProgram, bool) {
	switch k {
	case reflect.String:
		return keyString, true
	case reflect.Bool:
		return keyBool, true
	case reflect.Float64:
		return keyNumber(8, func(p unsafe.Pointer) uint64 { return floatOrder(math.Float64bits(*(*float64)(p)), 63) },
			func(p unsafe.Pointer, v uint64) { *(*float64)(p) = math.Float64frombits(floatBits(v, 63)) }), true
	case reflect.Float32:
		return keyNumber(4, func(p unsafe.Pointer) uint64 { return floatOrder(uint64(math.Float32bits(*(*float32)(p))), 31) },
			func(p unsafe.Pointer, v uint64) { *(*float32)(p) = math.Float32frombits(uint32(floatBits(v, 31))) }), true
	case reflect.Int:
		return keySigned[int](8), true
	case reflect.Int64:
		return keySigned[int64](8), true
	case reflect.Int32:
		return keySigned[int32](4), true
	case reflect.Int16:
		return keySigned[int16](2), true
	case reflect.Int8:
		return keySigned[int8](1), true
	case reflect.Uint:
		return keyUnsigned[uint](8), true
	case reflect.Uint64:
		return keyUnsigned[uint64](8), true
	case reflect.Uint32:
		return keyUnsigned[uint32](4), true
	case reflect.Uint16:
		return keyUnsigned[uint16](2), true
	case reflect.Uint8:
		return keyUnsigned[uint8](1), true
	default:
		return keyProgram{}, false
	}
}

var keyBool = keyProgram{
	func(_ *state, dst []byte, p unsafe.Pointer) ([]byte, error) {
		if *(*bool)(p) {
			return append(dst, 1), nil
		}
		return append(dst, 0), nil
	},
	func(_ *state, src []byte, p unsafe.Pointer) ([]byte, error) {
		switch {
		case len(src) == 0:
			return src, errKeyShort
		case src[0] > 1:
			return src, errKeyBool
		}
		*(*bool)(p) = src[0] == 1
		return src[1:], nil
	},
}

// keyNumber writes the low size bytes of a number, big-endian.
func keyNumber(size int, get func(unsafe.Pointer) uint64, set func(unsafe.Pointer, uint64)) keyProgram {
	shift := 64 - 8*size
	return keyProgram{
		func(_ *state, dst []byte, p unsafe.Pointer) ([]byte, error) {
			n := len(dst)
			return binary.BigEndian.AppendUint64(dst, get(p)<<shift)[:n+size], nil
		},
		func(_ *state, src []byte, p unsafe.Pointer) ([]byte, error) {
			if len(src) < size {
				return src, errKeyShort
			}
			var v uint64
			for _, b := range src[:size] {
				v = v<<8 | uint64(b)
			}
			set(p, v)
			return src[size:], nil
		},
	}
}

func keySigned[I int | int64 | int32 | int16 | int8](size int) keyProgram {
	flip := uint64(1) << (8*size - 1)
	extend := 64 - 8*size
	return keyNumber(size,
		func(p unsafe.Pointer) uint64 { return uint64(int64(*(*I)(p))) ^ flip },
		func(p unsafe.Pointer, v uint64) { *(*I)(p) = I(int64((v^flip)<<extend) >> extend) })
}

func keyUnsigned[U uint | uint64 | uint32 | uint16 | uint8](size int) keyProgram {
	return keyNumber(size,
		func(p unsafe.Pointer) uint64 { return uint64(*(*U)(p)) },
		func(p unsafe.Pointer, v uint64) { *(*U)(p) = U(v) })
}

// floatOrder maps the bits of a float, whose sign is the given bit, to a number that orders as the floats do: negative ones are
// complemented, others get the highest bit. Every float has its own bytes, so -0 and +0 are different keys, and so are NaNs of
// different bits.
func floatOrder(bits uint64, sign uint) uint64 {
	if bits>>sign != 0 {
		return ^bits & (2<<sign - 1)
	}
	return bits | 1<<sign
}

func floatBits(order uint64, sign uint) uint64 {
	if order>>sign != 0 {
		return order &^ (1 << sign)
	}
	return ^order & (2<<sign - 1)
}

// keyTime is an instant: seconds since the epoch as an int64 and nanoseconds as a uint32. The location and the monotonic clock
// are not part of a key, so equal instants are equal bytes; it decodes in UTC.
var keyTime = keyProgram{
	func(_ *state, dst []byte, p unsafe.Pointer) ([]byte, error) {
		t := (*time.Time)(p)
		dst = binary.BigEndian.AppendUint64(dst, uint64(t.Unix())^1<<63)
		return binary.BigEndian.AppendUint32(dst, uint32(t.Nanosecond())), nil
	},
	func(_ *state, src []byte, p unsafe.Pointer) ([]byte, error) {
		if len(src) < 12 {
			return src, errKeyShort
		}
		nanos := binary.BigEndian.Uint32(src[8:])
		if nanos >= uint32(time.Second) {
			return src, errKeyNanos
		}
		*(*time.Time)(p) = time.Unix(int64(binary.BigEndian.Uint64(src)^1<<63), int64(nanos)).UTC()
		return src[12:], nil
	},
}
