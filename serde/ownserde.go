package serde

import (
	"encoding"
	"fmt"
	"reflect"
	"sync"
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

// ownSerde is the serde of a T that encodes itself. It exists beside compiled because hot types are those with a codec by hand: here
// the interface over the memory of a value is made once, not per record.
type ownSerde[T any] struct {
	spare sync.Pool // of *ownCell[T]
}

type ownCell[T any] struct {
	v     T
	codec binaryCodec // over &v
}

func newOwnSerde[T any]() *ownSerde[T] {
	return &ownSerde[T]{sync.Pool{New: func() any {
		c := new(ownCell[T])
		c.codec = binaryOf(&c.v)
		return c
	}}}
}

func (s *ownSerde[T]) Append(dst []byte, v T) ([]byte, error) {
	c := s.spare.Get().(*ownCell[T])
	c.v = v
	b, err := appendBinary(reflect.TypeFor[T](), c.codec, dst)
	s.put(c)
	if err != nil {
		return dst, err
	}
	return b, nil
}

func (s *ownSerde[T]) Decode(src []byte) (T, error) {
	c := s.spare.Get().(*ownCell[T])
	err := unmarshalBinary(reflect.TypeFor[T](), c.codec, src)
	v := c.v
	s.put(c)
	if err != nil {
		var zero T
		return zero, err
	}
	return v, nil
}

func (s *ownSerde[T]) put(c *ownCell[T]) {
	var zero T
	c.v = zero
	s.spare.Put(c)
}

// ownPtr is the serde of a T = *U where U encodes itself.
type ownPtr[T any] struct{ elem reflect.Type }

func (s ownPtr[T]) Append(dst []byte, v T) ([]byte, error) {
	if *view[*byte](&v) == nil {
		return dst, nilError[T]()
	}
	b, err := appendBinary(reflect.TypeFor[T](), binaryOf(v), dst)
	if err != nil {
		return dst, err
	}
	return b, nil
}

func (s ownPtr[T]) Decode(src []byte) (v T, err error) {
	p := reflect.New(s.elem).Interface()
	if err := unmarshalBinary(s.elem, binaryOf(p), src); err != nil {
		return v, err
	}
	return p.(T), nil
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
