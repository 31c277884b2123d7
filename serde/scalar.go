package serde

import (
	"reflect"
	"strconv"
	"unsafe"

	"github.com/millrace-go/millrace/serde/wire"
)

// scalar returns the program of a kind that holds no other value.
func scalar(k reflect.Kind) (program, bool) {
	switch k {
	case reflect.String:
		return program{
			func(e *encoder, p unsafe.Pointer) { e.buf = wire.AppendString(e.buf, *(*string)(p)) },
			func(d *decoder, p unsafe.Pointer) { *(*string)(p) = d.ReadString() },
		}, true
	case reflect.Bool:
		return program{
			func(e *encoder, p unsafe.Pointer) { e.buf = wire.AppendBool(e.buf, *(*bool)(p)) },
			func(d *decoder, p unsafe.Pointer) { *(*bool)(p) = d.ReadBool() },
		}, true
	case reflect.Float64:
		return program{
			func(e *encoder, p unsafe.Pointer) { e.buf = wire.AppendFloat64(e.buf, *(*float64)(p)) },
			func(d *decoder, p unsafe.Pointer) { *(*float64)(p) = d.ReadFloat64() },
		}, true
	case reflect.Float32:
		return program{
			func(e *encoder, p unsafe.Pointer) { e.buf = wire.AppendFloat32(e.buf, *(*float32)(p)) },
			func(d *decoder, p unsafe.Pointer) { *(*float32)(p) = float32(d.ReadFloat64()) },
		}, true
	case reflect.Int:
		return signed[int](strconv.IntSize), true
	case reflect.Int64:
		return signed[int64](64), true
	case reflect.Int32:
		return signed[int32](32), true
	case reflect.Int16:
		return signed[int16](16), true
	case reflect.Int8:
		return signed[int8](8), true
	case reflect.Uint:
		return unsigned[uint](strconv.IntSize), true
	case reflect.Uint64:
		return unsigned[uint64](64), true
	case reflect.Uint32:
		return unsigned[uint32](32), true
	case reflect.Uint16:
		return unsigned[uint16](16), true
	case reflect.Uint8:
		return unsigned[uint8](8), true
	default:
		return program{}, false
	}
}

func signed[I int | int64 | int32 | int16 | int8](bits int) program {
	return program{
		func(e *encoder, p unsafe.Pointer) { e.buf = wire.AppendInt(e.buf, int64(*(*I)(p))) },
		func(d *decoder, p unsafe.Pointer) {
			v := d.ReadInt()
			if int64(I(v)) != v {
				d.Fail(rangeError(strconv.FormatInt(v, 10), "int", bits))
				return
			}
			*(*I)(p) = I(v)
		},
	}
}

func unsigned[U uint | uint64 | uint32 | uint16 | uint8](bits int) program {
	return program{
		func(e *encoder, p unsafe.Pointer) { e.buf = wire.AppendUint(e.buf, uint64(*(*U)(p))) },
		func(d *decoder, p unsafe.Pointer) {
			v := d.ReadUint()
			if uint64(U(v)) != v {
				d.Fail(rangeError(strconv.FormatUint(v, 10), "uint", bits))
				return
			}
			*(*U)(p) = U(v)
		},
	}
}
