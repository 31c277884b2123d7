package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
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
// Cost: no method allocates but ReadString and ReadBytes, once each, for what they return. (Strings that share one copy of the
// input were tried: four of them took as long, and 2.4 times the memory.) A Reader is used by one
// goroutine at a time.
type Reader struct {
	b   []byte
	off int // INVARIANT 0 <= off <= len(b)
	err error
}

// NewReader returns a reader of b. It is a value, so that it can live on the stack.
func NewReader(b []byte) Reader { return Reader{b: b} }

// Reset makes r read b from its beginning and forget its error.
func (r *Reader) Reset(b []byte) { *r = Reader{b: b} }

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

// ReadBool reads a boolean; nil is false.
func (r *Reader) ReadBool() bool {
	c, ok := r.code()
	if !ok || c == codeFalse || c == codeNil {
		return false
	}
	if c != codeTrue {
		r.failType("a boolean", c)
		return false
	}
	return true
}

// ReadInt reads an integer that fits int64; nil is 0.
func (r *Reader) ReadInt() int64 {
	if r.err == nil && r.off < len(r.b) && r.b[r.off] < codeFixMap {
		v := int64(r.b[r.off])
		r.off++
		return v
	}
	v, negative, ok := r.integer()
	if ok && !negative && v > math.MaxInt64 {
		r.fail(ErrRange)
		return 0
	}
	return int64(v)
}

// ReadUint reads an integer that is not negative; nil is 0.
func (r *Reader) ReadUint() uint64 {
	v, negative, ok := r.integer()
	if ok && negative {
		r.fail(ErrRange)
		return 0
	}
	return v
}

// integer reads an integer of any width; a negative one comes in two's complement.
func (r *Reader) integer() (v uint64, negative, ok bool) {
	c, ok := r.code()
	if !ok {
		return 0, false, false
	}
	return r.integerOf(c)
}

func (r *Reader) integerOf(c byte) (v uint64, negative, ok bool) {
	var s int64
	switch {
	case c < codeFixMap:
		return uint64(c), false, true
	case c >= codeNegFix:
		return uint64(int64(int8(c))), true, true
	}
	switch c {
	case codeNil:
		return 0, false, true
	case codeUint8:
		return r.u8(), false, r.err == nil
	case codeUint16:
		return r.u16(), false, r.err == nil
	case codeUint32:
		return r.u32(), false, r.err == nil
	case codeUint64:
		return r.u64(), false, r.err == nil
	case codeInt8:
		s = int64(int8(r.u8()))
	case codeInt16:
		s = int64(int16(r.u16()))
	case codeInt32:
		s = int64(int32(r.u32()))
	case codeInt64:
		s = int64(r.u64())
	default:
		r.failType("an integer", c)
		return 0, false, false
	}
	return uint64(s), s < 0, r.err == nil
}

// ReadFloat64 reads a float of either width, or an integer, which is rounded to the nearest float; nil is 0.
func (r *Reader) ReadFloat64() float64 {
	c, ok := r.code()
	if !ok {
		return 0
	}
	switch c {
	case codeFloat64:
		return math.Float64frombits(r.u64())
	case codeFloat32:
		return float64(math.Float32frombits(uint32(r.u32())))
	}
	v, negative, _ := r.integerOf(c)
	if negative {
		return float64(int64(v))
	}
	return float64(v)
}

// ReadString reads a string or binary into a new string; nil is "".
func (r *Reader) ReadString() string { return string(r.Name()) }

// ReadBytes reads a string or binary into a new slice; nil is nil.
func (r *Reader) ReadBytes() []byte {
	p := r.Name()
	if p == nil {
		return nil
	}
	return append(make([]byte, 0, len(p)), p...)
}

// Name reads a string or binary without copying it: the result points into the input. It is for field names
// (`switch string(r.Name())` does not allocate) and for bytes that are used up at once. Nil is a nil slice.
func (r *Reader) Name() []byte {
	// Most names and many strings are short ones that are there.
	if off := r.off; r.err == nil && off < len(r.b) && r.b[off]&0xe0 == codeFixStr {
		if end := off + 1 + int(r.b[off]&31); end <= len(r.b) {
			r.off = end
			return r.b[off+1 : end : end]
		}
	}
	return r.anyName()
}

func (r *Reader) anyName() []byte {
	c, ok := r.code()
	if !ok {
		return nil
	}
	n := 0
	switch {
	case c&0xe0 == codeFixStr:
		n = int(c & 31)
	case c == codeStr8 || c == codeBin8:
		n = int(r.u8())
	case c == codeStr16 || c == codeBin16:
		n = int(r.u16())
	case c == codeStr32 || c == codeBin32:
		n = r.length(r.u32())
	case c == codeNil:
		return nil
	default:
		r.failType("a string", c)
	}
	if r.err != nil {
		return nil
	}
	return r.take(n)
}

// length guards lengths of 32 bits where int has as many.
func (r *Reader) length(n uint64) int {
	if n > uint64(len(r.b)) {
		r.fail(ErrShort)
		return 0
	}
	return int(n)
}
