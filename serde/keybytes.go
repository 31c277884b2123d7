package serde

import (
	"bytes"
	"unsafe"
)

// Bytes inside a key: 0x00 becomes escape+escaped, and escape+terminator ends them. The terminator sorts before the escaped zero and that
// before any other continuation, so a prefix sorts before what it is a prefix of.
const (
	keyEscape     = 0x00
	keyEscaped    = 0xff
	keyTerminator = 0x01
)

func appendEscaped(dst, b []byte) []byte {
	for {
		i := bytes.IndexByte(b, keyEscape)
		if i < 0 {
			break
		}
		dst = append(append(dst, b[:i]...), keyEscape, keyEscaped)
		b = b[i+1:]
	}
	return append(append(dst, b...), keyEscape, keyTerminator)
}

// cutEscaped returns what appendEscaped was given, and what follows it in src. The result points into src if nothing in it was
// escaped (fresh is false).
func cutEscaped(src []byte) (b, rest []byte, fresh bool, err error) {
	from := 0
	for {
		i := bytes.IndexByte(src[from:], keyEscape)
		if i < 0 || from+i+1 >= len(src) {
			return nil, src, false, errKeyShort
		}
		end := from + i
		switch src[end+1] {
		case keyTerminator:
			if !fresh {
				return src[:end:end], src[end+2:], false, nil
			}
			return append(b, src[from:end]...), src[end+2:], true, nil
		case keyEscaped:
			b, fresh = append(b, src[from:end+1]...), true
			from = end + 2
		default:
			return nil, src, false, errKeyEscape
		}
	}
}

var keyString = keyProgram{
	func(_ *state, dst []byte, p unsafe.Pointer) ([]byte, error) {
		s := *(*string)(p)
		return appendEscaped(dst, unsafe.Slice(unsafe.StringData(s), len(s))), nil
	},
	func(s *state, src []byte, p unsafe.Pointer) ([]byte, error) {
		b, rest, fresh, err := cutEscaped(src)
		if s.view || fresh {
			*(*string)(p) = unsafe.String(unsafe.SliceData(b), len(b))
		} else {
			*(*string)(p) = string(b)
		}
		return rest, err
	},
}

// keyBytes does not tell a nil slice from an empty one, which are equal keys.
var keyBytes = keyProgram{
	func(_ *state, dst []byte, p unsafe.Pointer) ([]byte, error) {
		return appendEscaped(dst, *(*[]byte)(p)), nil
	},
	func(_ *state, src []byte, p unsafe.Pointer) ([]byte, error) {
		b, rest, fresh, err := cutEscaped(src)
		if !fresh {
			b = append(make([]byte, 0, len(b)), b...)
		}
		*(*[]byte)(p) = b
		return rest, err
	},
}

func keyByteArray(n int) keyProgram {
	return keyProgram{
		func(_ *state, dst []byte, p unsafe.Pointer) ([]byte, error) {
			return append(dst, unsafe.Slice((*byte)(p), n)...), nil
		},
		func(_ *state, src []byte, p unsafe.Pointer) ([]byte, error) {
			if len(src) < n {
				return src, errKeyShort
			}
			copy(unsafe.Slice((*byte)(p), n), src)
			return src[n:], nil
		},
	}
}

// keyOwn is a part that encodes itself; its order is that of its bytes.
func keyOwn(c *codec) keyProgram {
	return keyProgram{
		func(s *state, dst []byte, p unsafe.Pointer) ([]byte, error) {
			b, err := c.append(s, nil, p)
			if err != nil {
				return dst, err
			}
			return appendEscaped(dst, b), nil
		},
		func(s *state, src []byte, p unsafe.Pointer) ([]byte, error) {
			b, rest, _, err := cutEscaped(src)
			if err != nil {
				return src, err
			}
			return rest, c.decode(s, b, p)
		},
	}
}
