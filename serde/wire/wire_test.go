package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/millrace-go/millrace/serde/wire"
)

// borders are integers at which the encoding grows.
var borders = []int64{
	0, 1, 127, 128, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64,
	-1, -32, -33, -128, -129, -32768, -32769, math.MinInt32, math.MinInt32 - 1, math.MinInt64,
}

// lengths are lengths at which a header grows.
var lengths = []int{0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536}

// theirs encodes with vmihailenco/msgpack.
func theirs(t *testing.T, f func(e *msgpack.Encoder) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f(msgpack.NewEncoder(&b)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sameBytes(t *testing.T, what string, want, got []byte) {
	t.Helper()
	if !bytes.Equal(want, got) {
		t.Errorf("%s: %.40x, want %.40x", what, got, want)
	}
}

func TestAppendIsThatOfV5(t *testing.T) {
	t.Parallel()
	for _, n := range borders {
		sameBytes(t, fmt.Sprint("int ", n), theirs(t, func(e *msgpack.Encoder) error { return e.EncodeInt(n) }), wire.AppendInt(nil, n))
		sameBytes(t, fmt.Sprint("uint ", n), theirs(t, func(e *msgpack.Encoder) error { return e.EncodeUint(uint64(n)) }), wire.AppendUint(nil, uint64(n)))
	}
	for _, n := range lengths {
		s := strings.Repeat("x", n)
		sameBytes(t, fmt.Sprint("string ", n), theirs(t, func(e *msgpack.Encoder) error { return e.EncodeString(s) }), wire.AppendString(nil, s))
		sameBytes(t, fmt.Sprint("bytes ", n), theirs(t, func(e *msgpack.Encoder) error { return e.EncodeBytes([]byte(s)) }), wire.AppendBytes(nil, []byte(s)))
		sameBytes(t, fmt.Sprint("array ", n), theirs(t, func(e *msgpack.Encoder) error { return e.EncodeArrayLen(n) }), wire.AppendArrayLen(nil, n))
		sameBytes(t, fmt.Sprint("map ", n), theirs(t, func(e *msgpack.Encoder) error { return e.EncodeMapLen(n) }), wire.AppendMapLen(nil, n))
	}
	for _, f := range []float64{0, -1.5, math.Inf(1), math.NaN()} {
		sameBytes(t, fmt.Sprint("float64 ", f), theirs(t, func(e *msgpack.Encoder) error { return e.EncodeFloat64(f) }), wire.AppendFloat64(nil, f))
		sameBytes(t, fmt.Sprint("float32 ", f), theirs(t, func(e *msgpack.Encoder) error { return e.EncodeFloat32(float32(f)) }), wire.AppendFloat32(nil, float32(f)))
	}
	sameBytes(t, "nil", []byte{0xc0}, wire.AppendNil(nil))
	sameBytes(t, "nil bytes", []byte{0xc0}, wire.AppendBytes(nil, nil))
	sameBytes(t, "true, false", []byte{0xc3, 0xc2}, wire.AppendBool(wire.AppendBool(nil, true), false))
}

// TestReadEveryWidth reads each number in every form that can hold it, not only the shortest.
func TestReadEveryWidth(t *testing.T) {
	t.Parallel()
	type form struct {
		name     string
		min, max float64
		encode   func(e *msgpack.Encoder, n int64) error
	}
	forms := []form{
		{"int8", math.MinInt8, math.MaxInt8, func(e *msgpack.Encoder, n int64) error { return e.EncodeInt8(int8(n)) }},
		{"int16", math.MinInt16, math.MaxInt16, func(e *msgpack.Encoder, n int64) error { return e.EncodeInt16(int16(n)) }},
		{"int32", math.MinInt32, math.MaxInt32, func(e *msgpack.Encoder, n int64) error { return e.EncodeInt32(int32(n)) }},
		{"int64", math.MinInt64, math.MaxInt64, func(e *msgpack.Encoder, n int64) error { return e.EncodeInt64(n) }},
		{"uint8", 0, math.MaxUint8, func(e *msgpack.Encoder, n int64) error { return e.EncodeUint8(uint8(n)) }},
		{"uint16", 0, math.MaxUint16, func(e *msgpack.Encoder, n int64) error { return e.EncodeUint16(uint16(n)) }},
		{"uint32", 0, math.MaxUint32, func(e *msgpack.Encoder, n int64) error { return e.EncodeUint32(uint32(n)) }},
		{"uint64", 0, math.MaxInt64, func(e *msgpack.Encoder, n int64) error { return e.EncodeUint64(uint64(n)) }},
		{"shortest", math.MinInt64, math.MaxInt64, func(e *msgpack.Encoder, n int64) error { return e.EncodeInt(n) }},
	}
	for _, n := range borders {
		for _, f := range forms {
			if float64(n) < f.min || float64(n) > f.max {
				continue
			}
			b := theirs(t, func(e *msgpack.Encoder) error { return f.encode(e, n) })
			r := wire.NewReader(b)
			if got := r.ReadInt(); got != n || r.Close() != nil {
				t.Errorf("%s: ReadInt = %d, %v, want %d", f.name, got, r.Close(), n)
			}
			r.Reset(b)
			got, err := r.ReadUint(), r.Close()
			if n >= 0 && (got != uint64(n) || err != nil) || n < 0 && !errors.Is(err, wire.ErrRange) {
				t.Errorf("%s: ReadUint = %d, %v, want %d", f.name, got, err, n)
			}
			r.Reset(b)
			if got := r.ReadFloat64(); got != float64(n) || r.Close() != nil {
				t.Errorf("%s: ReadFloat64 = %v, %v, want %d", f.name, got, r.Close(), n)
			}
		}
	}
	for _, n := range lengths {
		s := strings.Repeat("x", n)
		for _, b := range [][]byte{wire.AppendString(nil, s), wire.AppendBytes(nil, []byte(s))} {
			r := wire.NewReader(b)
			if got := r.ReadString(); got != s || r.Close() != nil {
				t.Errorf("ReadString of %d: %d, %v", n, len(got), r.Close())
			}
			r.Reset(b)
			if got := r.ReadBytes(); string(got) != s || got == nil || r.Close() != nil {
				t.Errorf("ReadBytes of %d: %d, %v", n, len(got), r.Close())
			}
		}
		body := bytes.Repeat([]byte{0xc0}, 2*n)
		r := wire.NewReader(append(wire.AppendArrayLen(nil, n), body...))
		if got := r.ReadArrayLen(); got != n || r.Err() != nil {
			t.Errorf("ReadArrayLen = %d, %v, want %d", got, r.Err(), n)
		}
		r.Reset(append(wire.AppendMapLen(nil, n), body...))
		if got := r.ReadMapLen(); got != n || r.Err() != nil {
			t.Errorf("ReadMapLen = %d, %v, want %d", got, r.Err(), n)
		}
	}
}

func TestNilReadsAsZero(t *testing.T) {
	t.Parallel()
	r := wire.NewReader(bytes.Repeat([]byte{0xc0}, 11))
	r.ReadNil()
	got := []any{r.ReadBool(), r.ReadInt(), r.ReadUint(), r.ReadFloat64(), r.ReadString(), r.ReadBytes(), r.Name(), r.ReadArrayLen(), r.ReadMapLen(), r.TryNil()}
	want := []any{false, int64(0), uint64(0), 0.0, "", []byte(nil), []byte(nil), 0, 0, true}
	if diff := cmp.Diff(want, got); diff != "" || r.Close() != nil {
		t.Errorf("%v (-want +got):\n%s", r.Close(), diff)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, in string
		read     func(r *wire.Reader)
		want     error
	}{
		{"nothing", "", func(r *wire.Reader) { r.ReadInt() }, wire.ErrShort},
		{"half an integer", "\xcd\x01", func(r *wire.Reader) { r.ReadInt() }, wire.ErrShort},
		{"half a string", "\xa2a", func(r *wire.Reader) { r.ReadString() }, wire.ErrShort},
		{"a string of 4 GiB", "\xdb\xff\xff\xff\xff", func(r *wire.Reader) { r.ReadString() }, wire.ErrShort},
		{"an array of 4 G", "\xdd\xff\xff\xff\xff\x00", func(r *wire.Reader) { r.ReadArrayLen() }, wire.ErrShort},
		{"a map of 2, room for 1", "\x82\x00\x00\x00", func(r *wire.Reader) { r.ReadMapLen() }, wire.ErrShort},
		{"trailing", "\x00\x00", func(r *wire.Reader) { r.ReadInt() }, wire.ErrTrailing},
		{"int for string", "\x01", func(r *wire.Reader) { r.ReadString() }, wire.ErrType},
		{"string for int", "\xa1a", func(r *wire.Reader) { r.ReadInt() }, wire.ErrType},
		{"float for int", "\xca\x00\x00\x00\x00", func(r *wire.Reader) { r.ReadInt() }, wire.ErrType},
		{"string for float", "\xa1a", func(r *wire.Reader) { r.ReadFloat64() }, wire.ErrType},
		{"int for bool", "\x01", func(r *wire.Reader) { r.ReadBool() }, wire.ErrType},
		{"int for nil", "\x01", func(r *wire.Reader) { r.ReadNil() }, wire.ErrType},
		{"map for array", "\x80", func(r *wire.Reader) { r.ReadArrayLen() }, wire.ErrType},
		{"array for map", "\x90", func(r *wire.Reader) { r.ReadMapLen() }, wire.ErrType},
		{"the unused code", "\xc1", func(r *wire.Reader) { r.Skip() }, wire.ErrType},
		{"uint64 for int", "\xcf\x80\x00\x00\x00\x00\x00\x00\x00", func(r *wire.Reader) { r.ReadInt() }, wire.ErrRange},
		{"negative for uint", "\xd0\xff", func(r *wire.Reader) { r.ReadUint() }, wire.ErrRange},
		{"too deep", strings.Repeat("\x91", wire.MaxDepth+2) + "\x00", func(r *wire.Reader) { r.Skip() }, wire.ErrDepth},
		{"of the caller", "\x00", func(r *wire.Reader) { r.ReadInt(); r.Fail(wire.ErrRange) }, wire.ErrRange},
	} {
		r := wire.NewReader([]byte(tc.in))
		tc.read(&r)
		if err := r.Close(); !errors.Is(err, tc.want) || !strings.HasPrefix(err.Error(), "wire: at byte ") {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
}

func TestErrorsStick(t *testing.T) {
	t.Parallel()
	r := wire.NewReader([]byte("\xa1a\x93\x01\x02\x03"))
	r.ReadInt()
	first := r.Err()
	got := []any{r.ReadInt(), r.ReadString(), r.ReadArrayLen(), r.Raw(), r.Peek(), r.TryNil()}
	want := []any{int64(0), "", 0, []byte(nil), wire.KindNone, false}
	r.Fail(wire.ErrDepth)
	if diff := cmp.Diff(want, got); diff != "" || first == nil || !errors.Is(r.Close(), first) {
		t.Errorf("%v, then %v (-want +got):\n%s", first, r.Close(), diff)
	}
}

func TestSkipAndRaw(t *testing.T) {
	t.Parallel()
	v := map[string]any{
		"a": []any{1, -1, 300, 70000, int64(1) << 40, 1.5, float32(2), nil, true, "s", strings.Repeat("l", 300), []byte("b"), time.Unix(1, 1)},
		"m": map[string]any{"deep": map[string]any{}},
	}
	one, err := msgpack.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	r := wire.NewReader(append(append([]byte{}, one...), one...))
	r.Skip()
	if raw := r.Raw(); !bytes.Equal(raw, one) || r.Close() != nil {
		t.Errorf("Raw = %x, %v, want %x", raw, r.Close(), one)
	}
	deepest := append(bytes.Repeat([]byte{0x91}, wire.MaxDepth), 0x00)
	r.Reset(deepest)
	if r.Skip(); r.Close() != nil {
		t.Errorf("nested %d deep: %v", wire.MaxDepth, r.Close())
	}
}

func TestPeek(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]wire.Kind{
		"": wire.KindNone, "\xc1": wire.KindNone, "\xc0": wire.KindNil, "\xc2": wire.KindBool, "\xc3": wire.KindBool,
		"\x00": wire.KindUint, "\x7f": wire.KindUint, "\xcc": wire.KindUint, "\xcf": wire.KindUint,
		"\xe0": wire.KindInt, "\xff": wire.KindInt, "\xd0": wire.KindInt, "\xd3": wire.KindInt,
		"\xca": wire.KindFloat, "\xcb": wire.KindFloat, "\xa0": wire.KindString, "\xbf": wire.KindString, "\xd9": wire.KindString, "\xdb": wire.KindString,
		"\xc4": wire.KindBinary, "\xc6": wire.KindBinary, "\x90": wire.KindArray, "\x9f": wire.KindArray, "\xdc": wire.KindArray, "\xdd": wire.KindArray,
		"\x80": wire.KindMap, "\x8f": wire.KindMap, "\xde": wire.KindMap, "\xdf": wire.KindMap,
		"\xc7": wire.KindExt, "\xc9": wire.KindExt, "\xd4": wire.KindExt, "\xd8": wire.KindExt,
	} {
		r := wire.NewReader([]byte(in))
		if got := r.Peek(); got != want {
			t.Errorf("Peek of %x = %d, want %d", in, got, want)
		}
	}
}

func TestReadingDoesNotAllocate(t *testing.T) {
	b := wire.AppendMapLen(nil, 2)
	b = wire.AppendInt(wire.AppendString(b, "count"), 1000)
	b = wire.AppendFloat64(wire.AppendString(b, "mean"), 1.5)
	got := testing.AllocsPerRun(100, func() {
		r := wire.NewReader(b)
		for range r.ReadMapLen() {
			switch string(r.Name()) {
			case "count":
				r.ReadInt()
			default:
				r.Skip()
			}
		}
		if r.Close() != nil {
			t.Fatal(r.Close())
		}
	})
	if got != 0 {
		t.Errorf("%v allocations, want none", got)
	}
}
