package serde

import (
	"fmt"
	"reflect"
	"sync"
	"unsafe"
)

// form is one of the ways to turn a type into bytes.
type form uint8

const (
	formMsgpack   form = iota // one MessagePack value
	formOwn                   // the type's own binary bytes
	formKey                   // canonical and in order
	formPrimitive             // as Kafka's clients write it
)

// layout encodes and decodes the values of a type by their memory.
type layout struct {
	t       reflect.Type // U where the type is *U
	pointer bool
	kind    primitive
	codec   *codec    // of what is not primitive
	held    bool      // codec works on the cell's value only
	spare   sync.Pool // of *cell
}

// codec encodes and decodes the value at p, which decode finds zero. It is shared and has no state.
type codec struct {
	append func(s *state, dst []byte, p unsafe.Pointer) ([]byte, error)
	decode func(s *state, src []byte, p unsafe.Pointer) error
}

// state is what a codec works with, reused from value to value.
type state struct {
	e    encoder
	d    decoder
	view bool        // strings may point into what they are decoded from
	own  binaryCodec // over the cell's value, if its type has one
}

// cell is a place in memory for a value that outlives a call: the address of a parameter, passed to a closure, would be a new
// allocation for every record.
type cell struct {
	state
	p unsafe.Pointer // nil for a pointer's
}

func layoutOf(t reflect.Type, f form) (*layout, error) {
	l := &layout{t: t, pointer: t.Kind() == reflect.Pointer}
	if l.pointer {
		l.t = t.Elem()
	}
	var err error
	switch f {
	case formPrimitive:
		l.kind = primitiveOf(l.t)
	case formOwn:
		l.codec = ownCodec(l.t)
		if l.held = !l.pointer; l.held {
			l.codec = heldCodec(t)
		}
	case formKey:
		l.codec, err = keyCodec(l.t)
	case formMsgpack:
		l.codec, err = msgpackCodec(l.t)
	}
	l.spare.New = func() any {
		c := new(cell)
		if !l.pointer {
			v := reflect.New(t)
			c.p = v.UnsafePointer()
			if l.held {
				c.own = binaryOf(v.Interface())
			}
		}
		return c
	}
	return l, err
}

func (l *layout) take() *cell { return l.spare.Get().(*cell) }

// append appends the value at p, of a primitive type or a pointer. Neither it nor decode may let p escape: it is the address of
// a parameter or a result, which would be a new allocation for every record.
func (l *layout) append(dst []byte, p unsafe.Pointer) ([]byte, error) {
	if l.pointer {
		return l.appendTo(dst, *(*unsafe.Pointer)(p))
	}
	return l.kind.append(dst, p), nil
}

// decode writes the value to p; with view, strings in it may point into src.
func (l *layout) decode(src []byte, p unsafe.Pointer, view bool) (err error) {
	switch {
	case l.pointer:
		*(*unsafe.Pointer)(p), err = l.decodeNew(src, view)
		return err
	case view && l.kind == ofString:
		*(*string)(p) = unsafe.String(unsafe.SliceData(src), len(src))
		return nil
	}
	if !l.kind.decode(src, p) {
		return l.kind.refused(l.t, src)
	}
	return nil
}

// appendTo appends what a pointer points to.
func (l *layout) appendTo(dst []byte, p unsafe.Pointer) ([]byte, error) {
	switch {
	case p == nil:
		return dst, fmt.Errorf("serde: *%s: nil stands for a null, which is not encoded: publish a null record instead", l.t)
	case l.kind != notPrimitive:
		return l.kind.append(dst, p), nil
	}
	s := l.take()
	b, err := l.codec.append(&s.state, dst, p)
	l.spare.Put(s)
	if err != nil {
		return dst, err
	}
	return b, nil
}

// decodeNew returns a pointer to a new value, or nil.
func (l *layout) decodeNew(src []byte, view bool) (unsafe.Pointer, error) {
	p := reflect.New(l.t).UnsafePointer()
	if view && l.kind == ofString {
		*(*string)(p) = unsafe.String(unsafe.SliceData(src), len(src))
		return p, nil
	}
	if l.kind != notPrimitive {
		if !l.kind.decode(src, p) {
			return nil, l.kind.refused(l.t, src)
		}
		return p, nil
	}
	s := l.take()
	s.view = view
	err := l.codec.decode(&s.state, src, p)
	s.view = false
	l.spare.Put(s)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// view decodes to p, which is zero; strings may point into src.
func (l *layout) view(src []byte, p unsafe.Pointer) error {
	s := l.take()
	s.view = true
	err := l.codec.decode(&s.state, src, p)
	s.view = false
	l.spare.Put(s)
	return err
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
			if s.view {
				d.ResetView(src)
			}
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
