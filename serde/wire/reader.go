package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Errors of a [Reader]; Err wraps them with the offset in bytes.
var (
	ErrShort    = errors.New("the input ends inside a value")
	ErrTrailing = errors.New("bytes follow the value")
	ErrType     = errors.New("the value is of another type")
	ErrRange    = errors.New("the number does not fit")
	ErrDepth    = errors.New("arrays and maps are nested too deeply")
)

// Reader reads MessagePack values one after the other from a byte slice, which it neither changes nor copies.
//
// The first error sticks: from then on every method returns the zero value, every length is 0, and [Reader.Close] reports
// what went wrong and where; so a decoder checks once, at the end. No input makes a Reader panic, and a length is
// returned only if the bytes left can hold that many elements, so allocating by it is bounded by the input.
//
// Nil reads as the zero value, as in vmihailenco/msgpack; where nil means something else ask [Reader.TryNil] first.
// Strings and binary are read alike. Integers of every width are accepted if the number fits.
//
// Cost: no method allocates but ReadString and ReadBytes, once each, for what they return; ReadString does not in a reader
// that views ([NewViewReader]). A Reader is used by one goroutine at a time.
type Reader struct {
	b    []byte
	off  int // INVARIANT 0 <= off <= len(b)
	err  error
	view bool // strings may point into b
}

// NewReader returns a reader of b. It is a value, so that it can live on the stack.
func NewReader(b []byte) Reader { return Reader{b: b} }

// NewViewReader returns a reader of b, which must never change again, whose ReadString returns strings that point into b: they
// cost nothing, and keep all of b in memory. It is for serde.Viewer.
func NewViewReader(b []byte) Reader { return Reader{b: b, view: true} }

// Reset makes r read b from its beginning and forget its error.
func (r *Reader) Reset(b []byte) { *r = Reader{b: b} }

// ResetView is Reset to a reader as NewViewReader's.
func (r *Reader) ResetView(b []byte) { *r = Reader{b: b, view: true} }

// Err is the first error, or nil.
func (r *Reader) Err() error { return r.err }

// Len is the number of bytes not yet read.
func (r *Reader) Len() int { return len(r.b) - r.off }

// Offset is the number of bytes read.
func (r *Reader) Offset() int { return r.off }

// Close returns the first error; bytes that were not read are one. The reader needs no other clean-up.
func (r *Reader) Close() error {
	if r.err == nil && r.off != len(r.b) {
		r.fail(ErrTrailing)
	}
	return r.err
}

// Fail makes err the reader's error unless it has one already: for checks of the caller's own.
func (r *Reader) Fail(err error) {
	if r.err == nil && err != nil {
		r.err = fmt.Errorf("wire: at byte %d: %w", r.off, err)
	}
}

// fail is Fail kept out of line, so that the readers stay small enough to inline.
//
//go:noinline
func (r *Reader) fail(err error) { r.Fail(err) }

//go:noinline
func (r *Reader) failType(want string, code byte) {
	r.Fail(fmt.Errorf("%w: want %s, found code 0x%02x", ErrType, want, code))
}

// code reads the first byte of a value; ok is false after an error or at the end.
func (r *Reader) code() (c byte, ok bool) {
	if r.err != nil {
		return 0, false
	}
	if r.off >= len(r.b) {
		r.fail(ErrShort)
		return 0, false
	}
	c = r.b[r.off]
	r.off++
	return c, true
}

// take returns the next n bytes, or nil.
func (r *Reader) take(n int) []byte {
	if n > len(r.b)-r.off {
		r.fail(ErrShort)
		return nil
	}
	p := r.b[r.off : r.off+n : r.off+n]
	r.off += n
	return p
}

func (r *Reader) u8() uint64 {
	if p := r.take(1); p != nil {
		return uint64(p[0])
	}
	return 0
}

func (r *Reader) u16() uint64 {
	if p := r.take(2); p != nil {
		return uint64(binary.BigEndian.Uint16(p))
	}
	return 0
}

func (r *Reader) u32() uint64 {
	if p := r.take(4); p != nil {
		return uint64(binary.BigEndian.Uint32(p))
	}
	return 0
}

func (r *Reader) u64() uint64 {
	if p := r.take(8); p != nil {
		return binary.BigEndian.Uint64(p)
	}
	return 0
}

// TryNil reads a nil if that is what comes next, and says whether it did.
func (r *Reader) TryNil() bool {
	if r.err == nil && r.off < len(r.b) && r.b[r.off] == codeNil {
		r.off++
		return true
	}
	return false
}

// ReadNil reads a nil; anything else is an error.
func (r *Reader) ReadNil() {
	if c, ok := r.code(); ok && c != codeNil {
		r.failType("nil", c)
	}
}
