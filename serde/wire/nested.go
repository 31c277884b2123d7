package wire

// ReadMapLen reads the header of a map and returns its number of pairs, which come next; nil is an empty map.
func (r *Reader) ReadMapLen() int {
	c, ok := r.code()
	switch {
	case !ok || c == codeNil:
		return 0
	case c&0xf0 == codeFixMap:
		return r.fits(uint64(c&15), 2)
	case c == codeMap16:
		return r.fits(r.u16(), 2)
	case c == codeMap32:
		return r.fits(r.u32(), 2)
	}
	r.failType("a map", c)
	return 0
}

// ReadArrayLen reads the header of an array and returns its number of elements, which come next; nil is an empty array.
func (r *Reader) ReadArrayLen() int {
	c, ok := r.code()
	switch {
	case !ok || c == codeNil:
		return 0
	case c&0xf0 == codeFixArray:
		return r.fits(uint64(c&15), 1)
	case c == codeArray16:
		return r.fits(r.u16(), 1)
	case c == codeArray32:
		return r.fits(r.u32(), 1)
	}
	r.failType("an array", c)
	return 0
}

// fits returns n if so many elements of at least size bytes can follow; five bytes must not make a caller allocate
// gigabytes.
func (r *Reader) fits(n, size uint64) int {
	if r.err != nil || n*size > uint64(len(r.b)-r.off) {
		r.fail(ErrShort)
		return 0
	}
	return int(n)
}

// Skip reads one value of any type, nested ones with all they hold.
func (r *Reader) Skip() { r.skip(0) }

// Raw reads one value of any type and returns its bytes, which point into the input; nil after an error. They are
// well-formed and nested at most [MaxDepth] deep, so another decoder may be trusted with them.
func (r *Reader) Raw() []byte {
	start := r.off
	r.skip(0)
	if r.err != nil {
		return nil
	}
	return r.b[start:r.off:r.off]
}

func (r *Reader) skip(depth int) {
	c, ok := r.code()
	if !ok {
		return
	}
	var n int
	switch {
	case c < codeFixMap || c >= codeNegFix:
		return
	case c&0xe0 == codeFixStr:
		r.take(int(c & 31))
		return
	case c&0xf0 == codeFixMap:
		n = 2 * r.fits(uint64(c&15), 2)
	case c&0xf0 == codeFixArray:
		n = r.fits(uint64(c&15), 1)
	case c >= codeArray16: // array16, array32, map16, map32
		r.off--
		if c >= codeMap16 {
			n = 2 * r.ReadMapLen()
		} else {
			n = r.ReadArrayLen()
		}
	default:
		r.skipSized(c)
		return
	}
	if n > 0 && depth >= MaxDepth {
		r.fail(ErrDepth)
		return
	}
	for ; n > 0 && r.err == nil; n-- {
		r.skip(depth + 1)
	}
}

// skipSized skips the rest of a value that holds no other.
func (r *Reader) skipSized(c byte) {
	n := uint64(0)
	switch c {
	case codeNil, codeFalse, codeTrue:
	case codeUint8, codeInt8:
		n = 1
	case codeUint16, codeInt16, codeFixExt1:
		n = 2
	case codeFixExt2:
		n = 3
	case codeUint32, codeInt32, codeFloat32:
		n = 4
	case codeFixExt4:
		n = 5
	case codeUint64, codeInt64, codeFloat64:
		n = 8
	case codeFixExt8:
		n = 9
	case codeFixExt16:
		n = 17
	case codeStr8, codeBin8:
		n = r.u8()
	case codeStr16, codeBin16:
		n = r.u16()
	case codeStr32, codeBin32:
		n = r.u32()
	case codeExt8:
		n = r.u8() + 1
	case codeExt16:
		n = r.u16() + 1
	case codeExt32:
		n = r.u32() + 1
	default: // 0xc1, which the specification never uses
		r.failType("a value", c)
	}
	if r.err == nil {
		r.take(r.length(n))
	}
}
