package serde

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"unsafe"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/millrace-go/millrace/serde/wire"
)

// A program is what a type compiles to for MessagePack: closures over the memory of a value, so that no type is examined per record. p
// points to the value; decode finds it zero.
type program struct {
	encode func(e *encoder, p unsafe.Pointer)
	decode func(d *decoder, p unsafe.Pointer)
}

// encoder is the state of encoding one value. The first error sticks and stops what could go on for long.
type encoder struct {
	buf   []byte
	err   error
	depth int
	pairs []pair // of the maps being encoded, inner ones after outer ones
	tmp   []byte
	v5    *msgpack.Encoder // for types with codecs of their own; writes to the encoder itself
}

// enter counts a level of nesting; leave follows if and only if it returns true. Pointers count too: a value that points to
// itself would otherwise never end.
func (e *encoder) enter() bool {
	if e.err != nil {
		return false
	}
	if e.depth >= wire.MaxDepth {
		e.err = fmt.Errorf("serde: a value is nested more than %d deep: does it point to itself?", wire.MaxDepth)
		return false
	}
	e.depth++
	return true
}

func (e *encoder) leave() { e.depth-- }

// Write and WriteByte make an encoder the writer of its v5.
func (e *encoder) Write(b []byte) (int, error) {
	e.buf = append(e.buf, b...)
	return len(b), nil
}

func (e *encoder) WriteByte(c byte) error {
	e.buf = append(e.buf, c)
	return nil
}

// reset forgets what could keep memory alive that is large or the caller's.
func (e *encoder) reset() {
	e.buf, e.err, e.depth, e.pairs = nil, nil, 0, e.pairs[:0]
	if cap(e.tmp) > 1<<16 {
		e.tmp = nil
	}
	if cap(e.pairs) > 1<<12 {
		e.pairs = nil
	}
}

// decoder is the state of decoding one value; its errors are the reader's.
type decoder struct {
	wire.Reader
	depth int
	src   bytes.Reader
	v5    *msgpack.Decoder
}

func (d *decoder) enter() bool {
	if d.Err() != nil {
		return false
	}
	if d.depth >= wire.MaxDepth {
		d.Fail(wire.ErrDepth)
		return false
	}
	d.depth++
	return true
}

func (d *decoder) leave() { d.depth-- }

// reset forgets the input.
func (d *decoder) reset() {
	d.Reset(nil)
	d.src.Reset(nil)
	d.depth = 0
}

// programs are the compiled types of this process, reflect.Type -> *program.
var programs sync.Map

// programOf compiles t, once.
func programOf(t reflect.Type) (*program, error) {
	if p, ok := programs.Load(t); ok {
		return p.(*program), nil
	}
	c := compiler{made: map[reflect.Type]*program{}}
	p, err := c.compile(t)
	if err != nil {
		return nil, err
	}
	// Only now: a program that refers to one that failed must not be found.
	for t, p := range c.made {
		programs.LoadOrStore(t, p)
	}
	return p, nil
}

// compiler compiles a type with all that it holds. A type that holds itself finds its own program, still empty, in made; programs
// therefore call each other through the pointer.
type compiler struct {
	made      map[reflect.Type]*program
	path      []string       // from the root to what is being compiled, for errors
	embedding []reflect.Type // the structs whose fields are being taken for their holder's
}

func (c *compiler) compile(t reflect.Type) (*program, error) {
	if p, ok := programs.Load(t); ok {
		return p.(*program), nil
	}
	if p, ok := c.made[t]; ok {
		return p, nil
	}
	p := new(program)
	c.made[t] = p
	if err := c.fill(p, t); err != nil {
		return nil, err
	}
	return p, nil
}

// within compiles what a part of the value is made of, a field for instance.
func (c *compiler) within(part string, t reflect.Type) (*program, error) {
	c.path = append(c.path, part)
	p, err := c.compile(t)
	c.path = c.path[:len(c.path)-1]
	return p, err
}

func (c *compiler) fill(p *program, t reflect.Type) error {
	o, err := ownInside(t)
	switch {
	case err != nil:
		return c.fail(t, "%w", err)
	case o == ownAppend:
		*p = appenderProgram(t)
		return nil
	case o != ownNone:
		*p = delegate(t)
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return c.structure(p, t)
	case reflect.Pointer:
		return c.pointer(p, t)
	case reflect.Slice, reflect.Array:
		return c.sequence(p, t)
	case reflect.Map:
		return c.mapping(p, t)
	case reflect.Interface:
		if t.NumMethod() == 0 {
			*p = anyProgram()
			return nil
		}
		return c.fail(t, "the bytes would not say which type is in the interface: use that type, or `any` for plain values")
	default:
		if s, ok := scalar(t.Kind()); ok {
			*p = s
			return nil
		}
		return c.fail(t, "a %s cannot be written: leave it out with the tag `msgpack:\"-\"`, or give the type EncodeMsgpack and DecodeMsgpack", t.Kind())
	}
}

func (c *compiler) fail(t reflect.Type, format string, args ...any) error {
	where := strings.Join(c.path, "")
	err := fmt.Errorf(format, args...)
	if where == "" {
		return fmt.Errorf("serde: %s: %w", t, err)
	}
	return fmt.Errorf("serde: %s (%s): %w", where, t, err)
}
