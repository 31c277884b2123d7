package serde

import (
	"encoding"
	"fmt"
	"reflect"
	"unsafe"
)

// binaryCodec is a codec of a type's own.
type binaryCodec interface {
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

// marshaling makes a binaryCodec of the older method, at the cost of an allocation per value.
type marshaling struct {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

func (m marshaling) AppendBinary(dst []byte) ([]byte, error) {
	b, err := m.MarshalBinary()
	return append(dst, b...), err
}

// binaryOf returns the codec of ptr, a pointer to a type of which ownOf says ownAppend or ownBinary.
func binaryOf(ptr any) binaryCodec {
	if b, ok := ptr.(binaryCodec); ok {
		return b
	}
	return marshaling{ptr.(encoding.BinaryMarshaler), ptr.(encoding.BinaryUnmarshaler)}
}

// ownCodec is the codec of a type that encodes itself, wherever the value is.
func ownCodec(t reflect.Type) *codec {
	return &codec{
		append: func(_ *state, dst []byte, p unsafe.Pointer) ([]byte, error) {
			return appendBinary(t, binaryOf(reflect.NewAt(t, p).Interface()), dst)
		},
		decode: func(_ *state, src []byte, p unsafe.Pointer) error {
			return unmarshalBinary(t, binaryOf(reflect.NewAt(t, p).Interface()), src)
		},
	}
}

// heldCodec is ownCodec for the value of a cell. Hot types are those with a codec by hand: here the interface over the memory of
// a value is made once a cell, not once a record.
func heldCodec(t reflect.Type) *codec {
	return &codec{
		append: func(s *state, dst []byte, _ unsafe.Pointer) ([]byte, error) { return appendBinary(t, s.own, dst) },
		decode: func(s *state, src []byte, _ unsafe.Pointer) error { return unmarshalBinary(t, s.own, src) },
	}
}

func appendBinary(t reflect.Type, c binaryCodec, dst []byte) (b []byte, err error) {
	defer catch(t, &err)
	if b, err = c.AppendBinary(dst); err != nil {
		err = fmt.Errorf("serde: %s: %w", t, err)
	}
	return b, err
}

func unmarshalBinary(t reflect.Type, c binaryCodec, src []byte) (err error) {
	defer catch(t, &err)
	if err = c.UnmarshalBinary(src); err != nil {
		err = fmt.Errorf("serde: %s: %w", t, err)
	}
	return err
}
