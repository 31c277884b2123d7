package serde

import (
	"errors"
	"reflect"
	"unsafe"

	"github.com/millrace-go/millrace/serde/wire"
)

var errFieldCount = errors.New("an array of another length than the struct has fields: have fields been added or removed? write it as a map, without as_array")

// structProgram is a struct's fields, those of embedded structs among them.
type structProgram struct {
	t       reflect.Type
	fields  []field
	byName  map[string]int // and by alias
	asArray bool
	always  bool // no field is ever left out
}

// field is one field that is written.
type field struct {
	name   string
	header []byte // name, encoded
	offset uintptr
	via    *hop // the embedded pointer that leads to it, if any; offset counts from its target
	prog   *program
	empty  func(p unsafe.Pointer) bool // with omitempty: leave it out?
}

// hop is an embedded pointer to a struct.
type hop struct {
	via    *hop
	offset uintptr
	elem   reflect.Type
}

// at returns the memory of what lies behind h in the struct at p; nil if the pointer is nil and may not be made.
func (h *hop) at(p unsafe.Pointer, create bool) unsafe.Pointer {
	if h == nil {
		return p
	}
	base := h.via.at(p, create)
	if base == nil {
		return nil
	}
	slot := (*unsafe.Pointer)(unsafe.Add(base, h.offset))
	if *slot == nil && create {
		*slot = reflect.New(h.elem).UnsafePointer()
	}
	return *slot
}

// in says where f lies in the struct at p, or that it is not written.
func (f *field) in(p unsafe.Pointer) (unsafe.Pointer, bool) {
	base := f.via.at(p, false)
	if base == nil {
		return nil, false
	}
	q := unsafe.Add(base, f.offset)
	return q, f.empty == nil || !f.empty(q)
}

func (c *compiler) structure(p *program, t reflect.Type) error {
	s := &structProgram{t: t, byName: map[string]int{}, always: true}
	if err := c.fields(s, t); err != nil {
		return err
	}
	if len(s.fields) == 0 && t.NumField() > 0 {
		return c.fail(t, "no field is exported, so everything in it would be lost: export what is to be written, or give the type AppendBinary and UnmarshalBinary")
	}
	for i := range s.fields {
		f := &s.fields[i]
		f.header = wire.AppendString(nil, f.name)
		s.always = s.always && f.empty == nil && f.via == nil
	}
	p.encode, p.decode = s.encode, s.decode
	return nil
}

func (s *structProgram) encode(e *encoder, p unsafe.Pointer) {
	if !e.enter() {
		return
	}
	defer e.leave()
	if s.asArray {
		e.buf = wire.AppendArrayLen(e.buf, len(s.fields))
		for i := range s.fields {
			f := &s.fields[i]
			if base := f.via.at(p, false); base != nil {
				f.prog.encode(e, unsafe.Add(base, f.offset))
			} else {
				e.buf = wire.AppendNil(e.buf)
			}
		}
		return
	}
	if s.always {
		e.buf = wire.AppendMapLen(e.buf, len(s.fields))
		for i := range s.fields {
			f := &s.fields[i]
			e.buf = append(e.buf, f.header...)
			f.prog.encode(e, unsafe.Add(p, f.offset))
		}
		return
	}
	n := 0
	for i := range s.fields {
		if _, ok := s.fields[i].in(p); ok {
			n++
		}
	}
	e.buf = wire.AppendMapLen(e.buf, n)
	for i := range s.fields {
		f := &s.fields[i]
		if q, ok := f.in(p); ok {
			e.buf = append(e.buf, f.header...)
			f.prog.encode(e, q)
		}
	}
}

// decode reads a map by field names, in any order, ignoring names it does not know and leaving at zero what is not there; or an
// array in the order of the fields.
func (s *structProgram) decode(d *decoder, p unsafe.Pointer) {
	if d.TryNil() || !d.enter() {
		return
	}
	defer d.leave()
	if d.Peek() == wire.KindArray {
		if n := d.ReadArrayLen(); n != len(s.fields) {
			d.Fail(errFieldCount)
		}
		for i := range s.fields {
			s.fields[i].decode(d, p)
		}
		return
	}
	next := 0 // the field whose turn it is if the writer is one of ours
	for n := d.ReadMapLen(); n > 0 && d.Err() == nil; n-- {
		name := d.Name()
		if next >= len(s.fields) || string(name) != s.fields[next].name {
			i, ok := s.byName[string(name)]
			if !ok {
				d.Skip()
				continue
			}
			next = i
		}
		s.fields[next].decode(d, p)
		next++
	}
}

func (f *field) decode(d *decoder, p unsafe.Pointer) {
	if f.via == nil {
		f.prog.decode(d, unsafe.Add(p, f.offset))
	} else if !d.TryNil() {
		f.prog.decode(d, unsafe.Add(f.via.at(p, true), f.offset))
	}
}
