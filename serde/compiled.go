package serde

import (
	"reflect"
	"sync"
	"unsafe"
)

// inPlace and compiled are the stock serdes. Go compiles their methods anew for every T, so they only do what cannot be done
// without knowing T; the rest is layout's.

// inPlace is the serde of a T whose values are read and written where they are: T is primitive, or a pointer.
type inPlace[T any] struct{ layout *layout }

// compiled is the serde of any other T, by way of a [cell].
type compiled[T any] struct{ layout *layout }

// made are the compiled serdes of this process, so that the serde of a type is always the same pointer.
var made sync.Map

type madeKey struct {
	t reflect.Type
	f form
}

// compile returns the one serde of T in form f.
func compile[T any](f form) (Serde[T], error) {
	t := reflect.TypeFor[T]()
	if s, ok := made.Load(madeKey{t, f}); ok {
		return s.(Serde[T]), nil
	}
	if f == formPrimitive {
		if s, ok := exact(t).(Serde[T]); ok {
			return s, nil
		}
	}
	l, err := layoutOf(t, f)
	if err != nil {
		return nil, err
	}
	var s Serde[T] = &compiled[T]{l}
	if l.kind != notPrimitive || l.pointer {
		s = &inPlace[T]{l}
	}
	kept, _ := made.LoadOrStore(madeKey{t, f}, s)
	return kept.(Serde[T]), nil
}

// compiling is compile for where no error can be returned.
func compiling[T any](f form) Serde[T] {
	s, err := compile[T](f)
	if err != nil {
		return &broken[T]{err}
	}
	return s
}

func (c *inPlace[T]) Append(dst []byte, v T) ([]byte, error) {
	return c.layout.append(dst, unsafe.Pointer(&v))
}

func (c *inPlace[T]) Decode(src []byte) (v T, err error) {
	err = c.layout.decode(src, unsafe.Pointer(&v), false)
	return v, err
}

func (c *inPlace[T]) View(src []byte, v *T) error {
	return c.layout.decode(src, unsafe.Pointer(v), true)
}

func (c *compiled[T]) Append(dst []byte, v T) ([]byte, error) {
	s := c.layout.take()
	*(*T)(s.p) = v
	b, err := c.layout.codec.append(&s.state, dst, s.p)
	var zero T
	*(*T)(s.p) = zero
	c.layout.spare.Put(s)
	if err != nil {
		return dst, err
	}
	return b, nil
}

func (c *compiled[T]) View(src []byte, v *T) (err error) {
	if c.layout.held {
		*v, err = c.Decode(src)
		return err
	}
	var zero T
	*v = zero
	return c.layout.view(src, unsafe.Pointer(v))
}

func (c *compiled[T]) Decode(src []byte) (v T, err error) {
	s := c.layout.take()
	if err = c.layout.codec.decode(&s.state, src, s.p); err == nil {
		v = *(*T)(s.p)
	}
	var zero T
	*(*T)(s.p) = zero
	c.layout.spare.Put(s)
	return v, err
}

// broken stands for a serde that could not be made, where the constructor returns no error.
type broken[T any] struct{ err error }

func (b *broken[T]) Err() error                             { return b.err }
func (b *broken[T]) Append(dst []byte, _ T) ([]byte, error) { return dst, b.err }
func (b *broken[T]) Decode([]byte) (v T, err error)         { return v, b.err }
