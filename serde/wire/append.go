package wire

import (
	"encoding/binary"
	"math"
)

// AppendNil appends nil. A [Reader] reads nil as the zero value of whatever it is asked for.
func AppendNil(b []byte) []byte { return append(b, codeNil) }

// AppendBool appends a boolean (1 byte).
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, codeTrue)
	}
	return append(b, codeFalse)
}

// AppendInt appends a signed integer in the shortest of MessagePack's forms: 1, 2, 3, 5 or 9 bytes.
func AppendInt(b []byte, v int64) []byte {
	switch {
	case v >= 0:
		return AppendUint(b, uint64(v))
	case v >= -32:
		return append(b, byte(v))
	case v >= math.MinInt8:
		return append(b, codeInt8, byte(v))
	case v >= math.MinInt16:
		return append(b, codeInt16, byte(v>>8), byte(v))
	case v >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(b, codeInt32), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(b, codeInt64), uint64(v))
}

// AppendUint appends an unsigned integer in the shortest of MessagePack's forms: 1, 2, 3, 5 or 9 bytes.
func AppendUint(b []byte, v uint64) []byte {
	switch {
	case v < 1<<7:
		return append(b, byte(v))
	case v < 1<<8:
		return append(b, codeUint8, byte(v))
	case v < 1<<16:
		return append(b, codeUint16, byte(v>>8), byte(v))
	case v < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, codeUint32), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(b, codeUint64), v)
}

// AppendFloat64 appends a 64-bit float (9 bytes).
func AppendFloat64(b []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(append(b, codeFloat64), math.Float64bits(v))
}

// AppendFloat32 appends a 32-bit float (5 bytes).
func AppendFloat32(b []byte, v float32) []byte {
	return binary.BigEndian.AppendUint32(append(b, codeFloat32), math.Float32bits(v))
}

// AppendString appends a string: 1, 2, 3 or 5 bytes of header and its bytes, which are not checked to be UTF-8.
func AppendString(b []byte, s string) []byte {
	n := len(s)
	switch {
	case n < 32:
		b = append(b, codeFixStr|byte(n))
	case n < 1<<8:
		b = append(b, codeStr8, byte(n))
	case n < 1<<16:
		b = append(b, codeStr16, byte(n>>8), byte(n))
	default:
		b = binary.BigEndian.AppendUint32(append(b, codeStr32), uint32(n))
	}
	return append(b, s...)
}

// AppendBytes appends v as binary: 2, 3 or 5 bytes of header and its bytes. A nil slice is appended as nil, an empty one as
// empty.
func AppendBytes(b, v []byte) []byte {
	if v == nil {
		return AppendNil(b)
	}
	return append(AppendBytesLen(b, len(v)), v...)
}

// AppendBytesLen appends the header of n bytes of binary, which the caller appends next.
func AppendBytesLen(b []byte, n int) []byte {
	switch {
	case n < 1<<8:
		return append(b, codeBin8, byte(n))
	case n < 1<<16:
		return append(b, codeBin16, byte(n>>8), byte(n))
	}
	return binary.BigEndian.AppendUint32(append(b, codeBin32), uint32(n))
}

// AppendArrayLen appends the header of an array; its n elements are appended next.
func AppendArrayLen(b []byte, n int) []byte {
	switch {
	case n < 16:
		return append(b, codeFixArray|byte(n))
	case n < 1<<16:
		return append(b, codeArray16, byte(n>>8), byte(n))
	}
	return binary.BigEndian.AppendUint32(append(b, codeArray32), uint32(n))
}

// AppendMapLen appends the header of a map; its n pairs (key, value, key, value, ...) are appended next. A struct is a map
// from field names to values.
func AppendMapLen(b []byte, n int) []byte {
	switch {
	case n < 16:
		return append(b, codeFixMap|byte(n))
	case n < 1<<16:
		return append(b, codeMap16, byte(n>>8), byte(n))
	}
	return binary.BigEndian.AppendUint32(append(b, codeMap32), uint32(n))
}
