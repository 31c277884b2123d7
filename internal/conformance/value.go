package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// Value is a key or a value of a vector: a null, a text or a 64-bit number. Values can be compared with ==.
type Value struct {
	kind kind
	text string
	num  int64
}

type kind uint8

const (
	null kind = iota
	words
	number
)

// Text is a text.
func Text(s string) Value { return Value{kind: words, text: s} }

// Number is a number.
func Number(n int64) Value { return Value{kind: number, num: n} }

// IsNull reports whether the value is absent.
func (v Value) IsNull() bool { return v.kind == null }

func (v Value) String() string {
	switch v.kind {
	case words:
		return strconv.Quote(v.text)
	case number:
		return strconv.FormatInt(v.num, 10)
	default:
		return "null"
	}
}

// bytes is the value as a topic holds it: nil is null.
func (v Value) bytes() []byte {
	if v.kind == null {
		return nil
	}
	return []byte(v.text)
}

// UnmarshalJSON reads a string, an integer or null. A number never passes through a float: int64 has more digits.
func (v *Value) UnmarshalJSON(b []byte) error {
	*v = Value{}
	switch {
	case bytes.Equal(b, []byte("null")):
		return nil
	case len(b) > 0 && b[0] == '"':
		v.kind = words
		return json.Unmarshal(b, &v.text)
	default:
		n, err := strconv.ParseInt(string(b), 10, 64)
		if err != nil {
			return fmt.Errorf("conformance: %s is neither a string, nor a 64-bit integer, nor null", b)
		}
		*v = Number(n)
		return nil
	}
}
