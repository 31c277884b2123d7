package wire

import "math"

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
