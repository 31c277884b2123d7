package serde

import (
	"math"
	"reflect"
	"unsafe"

	"github.com/millrace-go/millrace/serde/wire"
)

// anyProgram is for `any`, whose value says itself what it is. It is written by its type, and comes back as what MessagePack knows:
// nil, bool, int64 (uint64 if it fits no int64), float64, string, []byte, time.Time, []any, map[string]any, or map[any]any if
// a key is not a string.
func anyProgram() program {
	return program{
		func(e *encoder, p unsafe.Pointer) { e.any(*(*any)(p)) },
		func(d *decoder, p unsafe.Pointer) { *(*any)(p) = d.any() },
	}
}

var anyType = reflect.TypeFor[any]()

func (e *encoder) any(v any) {
	switch v := v.(type) {
	case nil:
		e.buf = wire.AppendNil(e.buf)
	case string:
		e.buf = wire.AppendString(e.buf, v)
	case int:
		e.buf = wire.AppendInt(e.buf, int64(v))
	case int64:
		e.buf = wire.AppendInt(e.buf, v)
	case float64:
		e.buf = wire.AppendFloat64(e.buf, v)
	case bool:
		e.buf = wire.AppendBool(e.buf, v)
	default:
		if !e.enter() {
			return
		}
		t := reflect.TypeOf(v)
		p, err := programOf(t)
		if err != nil {
			e.err = err
			return
		}
		c := reflect.New(t)
		c.Elem().Set(reflect.ValueOf(v))
		p.encode(e, c.UnsafePointer())
		e.leave()
	}
}

func (d *decoder) any() any {
	switch d.Peek() {
	case wire.KindBool:
		return d.ReadBool()
	case wire.KindInt:
		return d.ReadInt()
	case wire.KindUint:
		v := d.ReadUint()
		if v <= math.MaxInt64 {
			return int64(v)
		}
		return v
	case wire.KindFloat:
		return d.ReadFloat64()
	case wire.KindString:
		return d.ReadString()
	case wire.KindBinary:
		return d.ReadBytes()
	case wire.KindArray:
		return d.anySlice()
	case wire.KindMap:
		return d.anyMap()
	case wire.KindExt:
		var v any
		if raw := d.Raw(); raw != nil {
			d.Fail(d.delegated(anyType, unsafe.Pointer(&v), raw))
		}
		return v
	default:
		d.ReadNil()
		return nil
	}
}

func (d *decoder) anySlice() any {
	n := d.ReadArrayLen()
	if !d.enter() {
		return nil
	}
	defer d.leave()
	s := make([]any, 0, min(n, firstBytes/int(anyType.Size())))
	for ; n > 0 && d.Err() == nil; n-- {
		s = append(s, d.any())
	}
	return s
}

func (d *decoder) anyMap() any {
	n := d.ReadMapLen()
	if !d.enter() {
		return nil
	}
	defer d.leave()
	named := make(map[string]any, min(n, 64))
	for ; n > 0 && d.Err() == nil; n-- {
		if d.Peek() != wire.KindString {
			return d.mixedMap(named, n)
		}
		name := d.ReadString()
		named[name] = d.any()
	}
	return named
}

// mixedMap goes on with a map of which n pairs are left, the next of them with a key that is not a string.
func (d *decoder) mixedMap(named map[string]any, n int) any {
	m := make(map[any]any, len(named)+min(n, 64))
	for k, v := range named {
		m[k] = v
	}
	for ; n > 0 && d.Err() == nil; n-- {
		key := d.any()
		if key != nil && !reflect.ValueOf(key).Comparable() {
			d.Fail(errMapKey)
			return nil
		}
		m[key] = d.any()
	}
	return m
}
