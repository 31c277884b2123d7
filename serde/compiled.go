package serde

import (
	"fmt"
	"reflect"
	"sync"
	"unsafe"
)

// codec encodes and decodes the value at p, which decode finds zero. It is shared and has no state.
type codec struct {
	append func(s *state, dst []byte, p unsafe.Pointer) ([]byte, error)
	decode func(s *state, src []byte, p unsafe.Pointer) error
}

// state is what a codec works with, reused from value to value.
type state struct {
	e encoder
	d decoder
}

// form is one of the ways to turn a type into a codec.
type form uint8

const (
	formMsgpack form = iota // one MessagePack value
	formOwn                 // the type's own binary bytes
	formKey                 // canonical and in order
)

// compiled is the serde of a T by a codec over T's memory.
type compiled[T any] struct {
	codec *codec
	spare sync.Pool // of *cell[T]
}

// cell is a place in memory for a T that outlives a call: the address of a parameter, passed to a closure, would be a new allocation
// for every record.
type cell[T any] struct {
	state
	v T
}

// compiledPtr is the serde of a T = *U by a codec over U's memory.
type compiledPtr[T any] struct {
	codec *codec
	elem  reflect.Type
	spare sync.Pool // of *state
}

// made are the compiled serdes of this process, so that the serde of a type is always the same pointer.
var made sync.Map

type madeKey struct {
	t reflect.Type
	f form
}

// compile returns the one serde of T, a pointer type or not, in form f.
func compile[T any](f form) (Serde[T], error) {
	t := reflect.TypeFor[T]()
	if s, ok := made.Load(madeKey{t, f}); ok {
		return s.(Serde[T]), nil
	}
	s, err := build[T](t, f)
	if err != nil {
		return nil, err
	}
	kept, _ := made.LoadOrStore(madeKey{t, f}, s)
	return kept.(Serde[T]), nil
}

func build[T any](t reflect.Type, f form) (Serde[T], error) {
	elem, pointer := t, t.Kind() == reflect.Pointer
	if pointer {
		elem = t.Elem()
	}
	var c *codec
	var err error
	switch f {
	case formOwn:
		if pointer {
			return ownPtr[T]{elem}, nil
		}
		return newOwnSerde[T](), nil
	case formKey:
		c, err = keyCodec(elem)
	case formMsgpack:
		c, err = msgpackCodec(elem)
	}
	switch {
	case err != nil:
		return nil, err
	case pointer:
		return &compiledPtr[T]{codec: c, elem: elem, spare: sync.Pool{New: func() any { return new(state) }}}, nil
	default:
		return &compiled[T]{codec: c, spare: sync.Pool{New: func() any { return new(cell[T]) }}}, nil
	}
}

func (c *compiled[T]) Append(dst []byte, v T) ([]byte, error) {
	s := c.spare.Get().(*cell[T])
	s.v = v
	b, err := c.codec.append(&s.state, dst, unsafe.Pointer(&s.v))
	c.put(s)
	if err != nil {
		return dst, err
	}
	return b, nil
}

func (c *compiled[T]) Decode(src []byte) (T, error) {
	s := c.spare.Get().(*cell[T])
	err := c.codec.decode(&s.state, src, unsafe.Pointer(&s.v))
	v := s.v
	c.put(s)
	if err != nil {
		var zero T
		return zero, err
	}
	return v, nil
}

func (c *compiled[T]) put(s *cell[T]) {
	var zero T
	s.v = zero
	c.spare.Put(s)
}

func (c *compiledPtr[T]) Append(dst []byte, v T) ([]byte, error) {
	p := *view[unsafe.Pointer](&v)
	if p == nil {
		return dst, nilError[T]()
	}
	s := c.spare.Get().(*state)
	b, err := c.codec.append(s, dst, p)
	c.spare.Put(s)
	if err != nil {
		return dst, err
	}
	return b, nil
}

func (c *compiledPtr[T]) Decode(src []byte) (v T, err error) {
	p := reflect.New(c.elem).UnsafePointer()
	s := c.spare.Get().(*state)
	err = c.codec.decode(s, src, p)
	c.spare.Put(s)
	if err == nil {
		*view[unsafe.Pointer](&v) = p
	}
	return v, err
}

func msgpackCodec(t reflect.Type) (*codec, error) {
	prog, err := programOf(t)
	if err != nil {
		return nil, err
	}
	return &codec{
		append: func(s *state, dst []byte, p unsafe.Pointer) ([]byte, error) {
			e := &s.e
			e.buf = dst
			prog.encode(e, p)
			b, err := e.buf, e.err
			e.reset()
			if err != nil {
				return dst, fmt.Errorf("serde: %s: %w", t, err)
			}
			return b, nil
		},
		decode: func(s *state, src []byte, p unsafe.Pointer) error {
			d := &s.d
			d.Reset(src)
			prog.decode(d, p)
			err := d.Close()
			d.reset()
			if err != nil {
				return fmt.Errorf("serde: %s from MessagePack: %w", t, err)
			}
			return nil
		},
	}, nil
}

// ownCodec is for a part of a key that encodes itself: with AppendBinary or MarshalBinary, and UnmarshalBinary.
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

func nilError[T any]() error {
	return fmt.Errorf("serde: %s: nil stands for a null, which is not encoded: publish a null record instead", reflect.TypeFor[T]())
}
