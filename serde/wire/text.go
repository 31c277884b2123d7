package wire

import "unsafe"

// ReadString reads a string or binary into a new string, or one that points into the input ([NewViewReader]); nil is "".
func (r *Reader) ReadString() string {
	b := r.Name()
	if r.view {
		return unsafe.String(unsafe.SliceData(b), len(b))
	}
	return string(b)
}

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
