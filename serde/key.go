package serde

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unsafe"
)

var timeType = reflect.TypeFor[time.Time]()

// keyProgram writes a part of a key, and reads it from the front of src. INVARIANT: bytes.Compare of two written parts, whatever
// follows them, is the order of the values, and no written part is a prefix of another.
type keyProgram struct {
	append func(s *state, dst []byte, p unsafe.Pointer) ([]byte, error)
	decode func(s *state, src []byte, p unsafe.Pointer) (rest []byte, err error)
}

var (
	errKeyShort    = errors.New("the key ends too early: was it written with another type?")
	errKeyTrailing = errors.New("bytes follow the key: was it written with another type?")
	errKeyEscape   = errors.New("a 0x00 is followed by neither 0xFF nor 0x01: was the key written with another type?")
	errKeyBool     = errors.New("a boolean is neither 0 nor 1: was the key written with another type?")
	errKeyNanos    = errors.New("a time has a second's worth of nanoseconds: was the key written with another type?")
)

// keyCodec compiles a key that is neither primitive nor encodes itself.
func keyCodec(t reflect.Type) (*codec, error) {
	prog, err := (&keyCompiler{root: t}).compile(t)
	if err != nil {
		return nil, err
	}
	return &codec{
		append: prog.append,
		decode: func(s *state, src []byte, p unsafe.Pointer) error {
			rest, err := prog.decode(s, src, p)
			if err == nil && len(rest) > 0 {
				err = errKeyTrailing
			}
			if err != nil {
				return fmt.Errorf("serde: key %s: %w", t, err)
			}
			return nil
		},
	}, nil
}

// keyCompiler compiles a type with its parts; without pointers no type can hold itself.
type keyCompiler struct {
	root reflect.Type
	path []string // from the root to what is being compiled, for errors
}

func (c *keyCompiler) compile(t reflect.Type) (keyProgram, error) {
	if t == timeType {
		return keyTime, nil
	}
	switch o, err := ownOf(t); {
	case err != nil:
		return keyProgram{}, err
	case o == ownMsgpack:
		inner, err := msgpackCodec(t)
		return keyOwn(inner), err
	case o != ownNone:
		return keyOwn(ownCodec(t)), nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return c.structure(t)
	case reflect.Array:
		return c.array(t)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return keyBytes, nil
		}
	default:
		if k, ok := keyScalar(t.Kind()); ok {
			return k, nil
		}
	}
	return keyProgram{}, c.fail(t, unfit(t.Kind()))
}

func (c *keyCompiler) within(part string, t reflect.Type) (keyProgram, error) {
	c.path = append(c.path, part)
	p, err := c.compile(t)
	c.path = c.path[:len(c.path)-1]
	return p, err
}

func (c *keyCompiler) fail(t reflect.Type, text string) error {
	if len(c.path) == 0 {
		return fmt.Errorf("serde: %s as a key: %s", t, text)
	}
	return fmt.Errorf("serde: %s as a key: %s (%s): %s", c.root, strings.Join(c.path, ""), t, text)
}

// unfit says why a kind cannot be in a key, and what to do.
func unfit(k reflect.Kind) string {
	const instead = "key by a string, an integer or a struct of such, or give the type AppendBinary and UnmarshalBinary"
	switch k {
	case reflect.Map:
		return "a map has no order, so equal keys could be different bytes: " + instead
	case reflect.Slice:
		return "a slice is not comparable in Go, so it is no key: use an array or []byte, or join its elements into a string"
	case reflect.Pointer:
		return "a pointer inside a key could be nil, for which there are no bytes: use the value it points to"
	case reflect.Interface:
		return "the bytes would not say which type is in the interface: " + instead
	default:
		return fmt.Sprintf("a %s has no canonical bytes: %s", k, instead)
	}
}

func (c *keyCompiler) structure(t reflect.Type) (keyProgram, error) {
	if t.NumField() == 0 {
		return keyProgram{}, c.fail(t, "it has no fields, so all such keys are the same: key by what tells records apart")
	}
	parts := make([]keyPart, t.NumField())
	for i := range parts {
		f := t.Field(i)
		if !f.IsExported() {
			return keyProgram{}, c.fail(t, "its field "+f.Name+" is not exported and would be lost, making different keys the same: export it, or give the type AppendBinary and UnmarshalBinary")
		}
		prog, err := c.within("."+f.Name, f.Type)
		if err != nil {
			return keyProgram{}, err
		}
		parts[i] = keyPart{prog, f.Offset}
	}
	return keyParts(parts), nil
}

func (c *keyCompiler) array(t reflect.Type) (keyProgram, error) {
	if t.Len() == 0 {
		return keyProgram{}, c.fail(t, "it has no elements, so all such keys are the same: leave it out")
	}
	if t.Elem().Kind() == reflect.Uint8 {
		return keyByteArray(t.Len()), nil
	}
	elem, err := c.within("[]", t.Elem())
	if err != nil {
		return keyProgram{}, err
	}
	parts := make([]keyPart, t.Len())
	for i := range parts {
		parts[i] = keyPart{elem, uintptr(i) * t.Elem().Size()}
	}
	return keyParts(parts), nil
}

// keyPart is a part of a struct or array.
type keyPart struct {
	keyProgram
	offset uintptr
}

func keyParts(parts []keyPart) keyProgram {
	return keyProgram{
		func(s *state, dst []byte, p unsafe.Pointer) (_ []byte, err error) {
			for i := range parts {
				if dst, err = parts[i].append(s, dst, unsafe.Add(p, parts[i].offset)); err != nil {
					return dst, err
				}
			}
			return dst, nil
		},
		func(s *state, src []byte, p unsafe.Pointer) (_ []byte, err error) {
			for i := range parts {
				if src, err = parts[i].decode(s, src, unsafe.Add(p, parts[i].offset)); err != nil {
					return src, err
				}
			}
			return src, nil
		},
	}
}
