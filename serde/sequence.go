package serde

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/millrace-go/millrace/serde/wire"
)

// slice is a slice's memory.
type slice struct {
	data     unsafe.Pointer
	len, cap int
}

// firstBytes is how much memory a length in the input may claim before its elements have been read.
const firstBytes = 1 << 16

func (c *compiler) pointer(p *program, t reflect.Type) error {
	elem, err := c.compile(t.Elem())
	if err != nil {
		return err
	}
	to := t.Elem()
	p.encode = func(e *encoder, p unsafe.Pointer) {
		switch target := *(*unsafe.Pointer)(p); {
		case target == nil:
			e.buf = wire.AppendNil(e.buf)
		case e.enter():
			elem.encode(e, target)
			e.leave()
		}
	}
	p.decode = func(d *decoder, p unsafe.Pointer) {
		if d.TryNil() {
			*(*unsafe.Pointer)(p) = nil
			return
		}
		if d.enter() {
			target := reflect.New(to).UnsafePointer()
			elem.decode(d, target)
			*(*unsafe.Pointer)(p) = target
			d.leave()
		}
	}
	return nil
}

func (c *compiler) sequence(p *program, t reflect.Type) error {
	if t.Elem().Kind() == reflect.Uint8 {
		if t.Kind() == reflect.Slice {
			*p = bytesProgram
		} else {
			*p = byteArray(t.Len())
		}
		return nil
	}
	elem, err := c.within("[]", t.Elem())
	if err != nil {
		return err
	}
	if t.Kind() == reflect.Slice {
		*p = sliceProgram(t, elem)
	} else {
		*p = arrayProgram(t, elem)
	}
	return nil
}

var bytesProgram = program{
	func(e *encoder, p unsafe.Pointer) { e.buf = wire.AppendBytes(e.buf, *(*[]byte)(p)) },
	func(d *decoder, p unsafe.Pointer) { *(*[]byte)(p) = d.ReadBytes() },
}

func byteArray(n int) program {
	return program{
		func(e *encoder, p unsafe.Pointer) {
			e.buf = append(wire.AppendBytesLen(e.buf, n), unsafe.Slice((*byte)(p), n)...)
		},
		func(d *decoder, p unsafe.Pointer) {
			b := d.Name()
			if len(b) > n {
				d.Fail(fmt.Errorf("%w: %d bytes into an array of %d", wire.ErrRange, len(b), n))
				return
			}
			copy(unsafe.Slice((*byte)(p), n), b)
		},
	}
}

func arrayProgram(t reflect.Type, elem *program) program {
	n, size := t.Len(), t.Elem().Size()
	return program{
		func(e *encoder, p unsafe.Pointer) {
			e.buf = wire.AppendArrayLen(e.buf, n)
			e.elements(elem, p, n, size)
		},
		func(d *decoder, p unsafe.Pointer) {
			got := d.ReadArrayLen()
			if got > n {
				d.Fail(fmt.Errorf("%w: %d elements into an array of %d", wire.ErrRange, got, n))
			}
			if d.enter() {
				for i := 0; i < got && d.Err() == nil; i++ {
					elem.decode(d, unsafe.Add(p, uintptr(i)*size))
				}
				d.leave()
			}
		},
	}
}

func (e *encoder) elements(elem *program, p unsafe.Pointer, n int, size uintptr) {
	if !e.enter() {
		return
	}
	for i := 0; i < n && e.err == nil; i++ {
		elem.encode(e, unsafe.Add(p, uintptr(i)*size))
	}
	e.leave()
}

func sliceProgram(t reflect.Type, elem *program) program {
	size := t.Elem().Size()
	first := firstBytes/int(max(size, 1)) + 1
	return program{
		func(e *encoder, p unsafe.Pointer) {
			s := (*slice)(p)
			if s.data == nil {
				e.buf = wire.AppendNil(e.buf)
				return
			}
			e.buf = wire.AppendArrayLen(e.buf, s.len)
			e.elements(elem, s.data, s.len, size)
		},
		func(d *decoder, p unsafe.Pointer) {
			s := (*slice)(p)
			if d.TryNil() {
				*s = slice{}
				return
			}
			n := d.ReadArrayLen()
			if !d.enter() {
				return
			}
			v := reflect.NewAt(t, p).Elem()
			v.Set(reflect.MakeSlice(t, min(n, first), min(n, first)))
			for i := 0; i < n && d.Err() == nil; i++ {
				if i == s.len {
					v.Grow(1)
					v.SetLen(min(n, v.Cap()))
				}
				elem.decode(d, unsafe.Add(s.data, uintptr(i)*size))
			}
			d.leave()
		},
	}
}
