package serde

import (
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/millrace-go/millrace/serde/wire"
)

var errLeftover = errors.New("its decoder left bytes of its value unread")

func rangeError(value, kind string, bits int) error {
	return fmt.Errorf("%w: %s into %s%d: was this written with another type?", wire.ErrRange, value, kind, bits)
}

// delegate leaves a type with a codec of its own, time.Time among them, to vmihailenco/msgpack. Its decoder only ever sees one complete,
// well-formed value (wire.Reader.Raw), so that no length in it exceeds what is there.
func delegate(t reflect.Type) program {
	return program{
		func(e *encoder, p unsafe.Pointer) {
			if e.err == nil {
				e.err = e.delegated(t, p)
			}
		},
		func(d *decoder, p unsafe.Pointer) {
			if raw := d.Raw(); raw != nil {
				d.Fail(d.delegated(t, p, raw))
			}
		},
	}
}

func (e *encoder) delegated(t reflect.Type, p unsafe.Pointer) (err error) {
	defer catch(t, &err)
	if e.v5 == nil {
		e.v5 = msgpack.NewEncoder(e)
	}
	// A codec may have changed the flags for itself.
	e.v5.Reset(e)
	e.v5.UseCompactInts(true)
	e.v5.SetSortMapKeys(true)
	return e.v5.EncodeValue(reflect.NewAt(t, p).Elem())
}

func (d *decoder) delegated(t reflect.Type, p unsafe.Pointer, raw []byte) (err error) {
	defer catch(t, &err)
	if d.v5 == nil {
		d.v5 = msgpack.NewDecoder(nil)
	}
	d.src.Reset(raw)
	d.v5.Reset(&d.src)
	if err := d.v5.DecodeValue(reflect.NewAt(t, p).Elem()); err != nil {
		return err
	}
	if d.src.Len() > 0 {
		return errLeftover
	}
	return nil
}

// appenderProgram is for a type with AppendBinary, which vmihailenco/msgpack does not know: binary, as it writes MarshalBinary.
func appenderProgram(t reflect.Type) program {
	return program{
		func(e *encoder, p unsafe.Pointer) {
			if e.err == nil {
				e.err = e.appender(t, p)
			}
		},
		func(d *decoder, p unsafe.Pointer) {
			if d.TryNil() {
				return
			}
			raw := d.Name()
			if d.Err() == nil {
				d.Fail(unmarshalBinary(t, binaryOf(reflect.NewAt(t, p).Interface()), raw))
			}
		},
	}
}

func (e *encoder) appender(t reflect.Type, p unsafe.Pointer) (err error) {
	e.tmp, err = appendBinary(t, binaryOf(reflect.NewAt(t, p).Interface()), e.tmp[:0])
	e.buf = append(wire.AppendBytesLen(e.buf, len(e.tmp)), e.tmp...)
	return err
}
