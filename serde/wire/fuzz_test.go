package wire_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/millrace-go/millrace/serde/wire"
)

// FuzzReader lets the first bytes choose what is read of the rest: nothing may panic, read past the end, or announce more elements than
// there are bytes.
func FuzzReader(f *testing.F) {
	f.Add([]byte{8, 3, 1, 9}, []byte("\x82\xa1a\x01\xa1b\x93\xff\xc0\xcb\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte{9, 9, 10, 5}, []byte("\xdd\xff\xff\xff\xff\xc7\x01\x05\x00"))
	f.Fuzz(func(t *testing.T, calls, in []byte) {
		r := wire.NewReader(in)
		for _, c := range calls {
			before, failed := r.Len(), r.Err() != nil
			n := 0
			switch c % 14 {
			case 0:
				r.ReadNil()
			case 1:
				r.ReadBool()
			case 2:
				r.ReadInt()
			case 3:
				r.ReadUint()
			case 4:
				r.ReadFloat64()
			case 5:
				n = len(r.ReadString())
			case 6:
				n = len(r.ReadBytes())
			case 7:
				n = len(r.Name())
			case 8:
				n = r.ReadArrayLen()
			case 9:
				n = 2 * r.ReadMapLen()
			case 10:
				r.Skip()
			case 11:
				n = len(r.Raw())
			case 12:
				r.TryNil()
			case 13:
				r.Peek()
			}
			if n < 0 || n > before || r.Len() < 0 || r.Len() > before {
				t.Fatalf("call %d: length %d, %d bytes before, %d after", c%14, n, before, r.Len())
			}
			if failed && (n != 0 || r.Len() != before) {
				t.Fatalf("call %d went on after an error", c%14)
			}
		}
	})
}

// FuzzAgainstV5 reads one value of each type with both libraries: what v5 accepts we accept, with the same result, but for integers that
// do not fit, which v5 wraps around.
func FuzzAgainstV5(f *testing.F) {
	for _, v := range []any{nil, true, 7, -300, 1.5, "text", []byte("bin"), []int{1, 2, 3}, map[string]int{"a": 1}} {
		b, err := msgpack.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		agree(t, in, "ReadInt", (*wire.Reader).ReadInt, (*msgpack.Decoder).DecodeInt64)
		agree(t, in, "ReadUint", (*wire.Reader).ReadUint, (*msgpack.Decoder).DecodeUint64)
		agree(t, in, "ReadBool", (*wire.Reader).ReadBool, (*msgpack.Decoder).DecodeBool)
		agree(t, in, "ReadString", (*wire.Reader).ReadString, (*msgpack.Decoder).DecodeString)
		agree(t, in, "ReadFloat64", func(r *wire.Reader) uint64 { return math.Float64bits(r.ReadFloat64()) },
			func(d *msgpack.Decoder) (uint64, error) { f, err := d.DecodeFloat64(); return math.Float64bits(f), err })
		agree(t, in, "ReadBytes", func(r *wire.Reader) string { return string(r.ReadBytes()) },
			func(d *msgpack.Decoder) (string, error) { b, err := d.DecodeBytes(); return string(b), err })
		agree(t, in, "ReadArrayLen", (*wire.Reader).ReadArrayLen,
			func(d *msgpack.Decoder) (int, error) { n, err := d.DecodeArrayLen(); return max(n, 0), err })
		agree(t, in, "Skip", func(r *wire.Reader) int { r.Skip(); return r.Offset() },
			func(d *msgpack.Decoder) (int, error) {
				err := d.Skip()
				return len(in) - d.Buffered().(*bytes.Reader).Len(), err
			})
	})
}

func agree[T comparable](t *testing.T, in []byte, what string, ours func(*wire.Reader) T, theirs func(*msgpack.Decoder) (T, error)) {
	t.Helper()
	r := wire.NewReader(in)
	got := ours(&r)
	if what == "ReadBytes" && errors.Is(r.Err(), wire.ErrShort) {
		return // v5 would first allocate the gigabytes that the header claims
	}
	src := bytes.NewReader(in)
	want, err := theirs(msgpack.NewDecoder(src))
	switch {
	case r.Err() != nil && err != nil:
	case r.Err() == nil && err == nil && got == want:
	case errors.Is(r.Err(), wire.ErrRange): // v5 wraps around
	case errors.Is(r.Err(), wire.ErrDepth): // v5 has no limit
	case what == "ReadArrayLen" && errors.Is(r.Err(), wire.ErrShort): // v5 does not look whether the elements are there
	case what == "ReadFloat64" && r.Err() == nil && err == nil: // v5 reads uint64 above the range of int64 as negative
		if len(in) == 0 || in[0] != 0xcf {
			t.Errorf("%x: %s = %v, v5 says %v", in, what, got, want)
		}
	default:
		t.Errorf("%x: %s = %v, %v; v5 says %v, %v", in, what, got, r.Err(), want, err)
	}
}
