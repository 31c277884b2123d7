package serde_test

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/serde"
)

// allKinds is a key with a field of every kind.
type allKinds struct {
	S   string
	B   []byte
	T   bool
	I   int64
	I32 int32
	I16 int16
	I8  int8
	U   uint
	U32 uint32
	U16 uint16
	U8  uint8
	F   float64
	F32 float32
	In  struct {
		ID  siteID
		Arr [2]int16
	}
	Raw [3]byte
	At  time.Time
}

// compare is the order that the bytes of a key must have.
func (a allKinds) compare(b allKinds) int {
	return cmp.Or(
		strings.Compare(a.S, b.S), bytes.Compare(a.B, b.B), boolOrder(a.T, b.T),
		cmp.Compare(a.I, b.I), cmp.Compare(a.I32, b.I32), cmp.Compare(a.I16, b.I16), cmp.Compare(a.I8, b.I8),
		cmp.Compare(a.U, b.U), cmp.Compare(a.U32, b.U32), cmp.Compare(a.U16, b.U16), cmp.Compare(a.U8, b.U8),
		totalOrder(a.F, b.F), totalOrder(float64(a.F32), float64(b.F32)),
		cmp.Compare(a.In.ID, b.In.ID), cmp.Compare(a.In.Arr[0], b.In.Arr[0]), cmp.Compare(a.In.Arr[1], b.In.Arr[1]),
		bytes.Compare(a.Raw[:], b.Raw[:]), a.At.Compare(b.At),
	)
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// totalOrder is IEEE 754's: by value, and where that does not tell them apart by sign and then by bits.
func totalOrder(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	x, y := int64(math.Float64bits(a)), int64(math.Float64bits(b))
	if x < 0 {
		x ^= math.MaxInt64
	}
	if y < 0 {
		y ^= math.MaxInt64
	}
	return cmp.Compare(x, y)
}

func TestKeyGolden(t *testing.T) {
	t.Parallel()
	type named struct {
		Site siteID
		Well string
	}
	check(t, key[named](t), named{"a", ""}, "610001"+"0001")
	check(t, key[named](t), named{"a\x00b", "\x00"}, "6100ff620001"+"00ff0001")
	check(t, key[struct{ A, B int8 }](t), struct{ A, B int8 }{-1, 1}, "7f81")
	check(t, key[struct{ A int64 }](t), struct{ A int64 }{math.MinInt64}, "0000000000000000")
	check(t, key[struct{ A int }](t), struct{ A int }{0}, "8000000000000000")
	check(t, key[struct{ A int32 }](t), struct{ A int32 }{-1}, "7fffffff")
	check(t, key[struct{ A uint16 }](t), struct{ A uint16 }{258}, "0102")
	check(t, key[struct{ A bool }](t), struct{ A bool }{true}, "01")
	check(t, key[struct{ A float64 }](t), struct{ A float64 }{1}, "bff0000000000000")
	check(t, key[struct{ A float64 }](t), struct{ A float64 }{-1}, "400fffffffffffff")
	check(t, key[struct{ A float32 }](t), struct{ A float32 }{math.MaxFloat32}, "ff7fffff")
	check(t, key[struct{ A []byte }](t), struct{ A []byte }{[]byte{1, 0}}, "0100ff0001")
	check(t, key[[3]uint8](t), [3]uint8{1, 0, 2}, "010002")
	check(t, key[[2]string](t), [2]string{"a", "b"}, "610001620001")
	check(t, key[time.Time](t), time.Unix(1, 2).UTC(), "8000000000000001"+"00000002")
	check(t, key[struct{ A netip.Addr }](t), struct{ A netip.Addr }{netip.MustParseAddr("10.0.0.1")}, "0a00ff00ff01"+"0001")
	check(t, key[netip.Addr](t), netip.MustParseAddr("10.0.0.1"), "0a000001")
}

func TestEqualInstantsAreEqualKeys(t *testing.T) {
	t.Parallel()
	s := key[struct{ At time.Time }](t)
	at := time.Date(2026, 11, 24, 12, 0, 0, 5, time.UTC)
	a, errA := s.Append(nil, struct{ At time.Time }{at})
	b, errB := s.Append(nil, struct{ At time.Time }{at.In(time.FixedZone("", 3600))})
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("%x and %x, %v, %v", a, b, errA, errB)
	}
}

func TestKeyOrder(t *testing.T) {
	t.Parallel()
	// Neighbours that a careless encoding puts the wrong way round, or runs together.
	ascending(t, []struct{ A, B string }{
		{"", ""},
		{"", "\x00"},
		{"", "z"},
		{"\x00", ""},
		{"\x00\x00", ""},
		{"\x00\x01", ""},
		{"\x00\xff", ""},
		{"\x01", ""},
		{"a", ""},
		{"a", "b"},
		{"a\x00", ""},
		{"a\x00", "b"},
		{"a\x00b", ""},
		{"a\x01", ""},
		{"ab", ""},
		{"a\xff", ""},
		{"b", ""},
		{"\xff", ""},
	})
	ascending(t, []struct{ A int64 }{{math.MinInt64}, {-256}, {-255}, {-1}, {0}, {1}, {255}, {256}, {math.MaxInt64}})
	ascending(t, []struct{ A int8 }{{-128}, {-1}, {0}, {127}})
	ascending(t, []struct{ A float64 }{
		{math.Float64frombits(0xfff8000000000001)},
		{math.Inf(-1)},
		{-math.MaxFloat64},
		{-1},
		{-math.SmallestNonzeroFloat64},
		{math.Copysign(0, -1)},
		{0},
		{math.SmallestNonzeroFloat64},
		{1},
		{math.MaxFloat64},
		{math.Inf(1)},
		{math.NaN()},
	})
	ascending(t, []struct{ A float32 }{{float32(math.Inf(-1))}, {-1}, {0}, {1}, {float32(math.Inf(1))}})
	ascending(t, []struct{ A time.Time }{{time.Time{}}, {time.Unix(-1, 0)}, {time.Unix(-1, 999)}, {time.Unix(0, 0)}, {time.Unix(0, 1)}, {time.Unix(1, 0)}})
	ascending(t, []struct{ A, B bool }{{false, false}, {false, true}, {true, false}, {true, true}})
}

func ascending[T any](t *testing.T, vs []T) {
	t.Helper()
	s := key[T](t)
	var last []byte
	for i, v := range vs {
		b, err := s.Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && bytes.Compare(last, b) >= 0 {
			t.Errorf("%+v (%x) does not sort before %+v (%x)", vs[i-1], last, v, b)
		}
		last = b
	}
}

func TestKeyPrefix(t *testing.T) {
	t.Parallel()
	whole, err := key[siteKey](t).Append(nil, siteKey{"e", "p", "w", 1})
	if err != nil {
		t.Fatal(err)
	}
	prefix, err := key[struct{ Experiment, Plate string }](t).Append(nil, struct{ Experiment, Plate string }{"e", "p"})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(whole, prefix) {
		t.Errorf("%x does not begin with %x", whole, prefix)
	}
}

func TestForeignKeyBytes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		err  error
		want string
	}{
		{"nothing", second(key[siteKey](t).Decode(nil)), "ends too early"},
		{"no terminator", second(key[[2]string](t).Decode([]byte("a\x00\x01b"))), "ends too early"},
		{"escape at the end", second(key[[2]string](t).Decode([]byte("a\x00\x01b\x00"))), "ends too early"},
		{"bad escape", second(key[[2]string](t).Decode([]byte("a\x00\x02\x00\x01"))), "neither 0xFF nor 0x01"},
		{"trailing", second(key[struct{ A int8 }](t).Decode([]byte{1, 2})), "bytes follow"},
		{"bool", second(key[struct{ A bool }](t).Decode([]byte{2})), "neither 0 nor 1"},
		{"no bool", second(key[struct{ A, B bool }](t).Decode([]byte{1})), "ends too early"},
		{"short array", second(key[[4]byte](t).Decode([]byte{1})), "ends too early"},
		{"short time", second(key[time.Time](t).Decode(make([]byte, 11))), "ends too early"},
		{"nanoseconds", second(key[time.Time](t).Decode([]byte("\x80\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff"))), "nanoseconds"},
		{"its own codec", second(key[struct{ A netip.Addr }](t).Decode([]byte("abc\x00\x01"))), "netip.Addr"},
	} {
		if tc.err == nil || !strings.HasPrefix(tc.err.Error(), "serde: ") || !strings.Contains(tc.err.Error(), tc.want) {
			t.Errorf("%s: %v, want an error that says %q", tc.name, tc.err, tc.want)
		}
	}
}

// FuzzKey proves for two keys of one type that they come back, and that their bytes sort as they do.
func FuzzKey(f *testing.F) {
	f.Add([]byte("a\x00"), []byte("a\x00\x01\xff"))
	f.Add([]byte{}, bytes.Repeat([]byte{0xff, 0, 0x7f, 0x80}, 40))
	s := must(serde.ForKey[allKinds])
	f.Fuzz(func(t *testing.T, x, y []byte) {
		a, b := arbitraryKey(x), arbitraryKey(y)
		ba, bb := roundTrip(t, s, a), roundTrip(t, s, b)
		if got, want := bytes.Compare(ba, bb), a.compare(b); got != want {
			t.Errorf("%+v\n%+v\ntheir bytes compare as %d, they as %d", a, b, got, want)
		}
		// Whatever decodes is canonical: it is the only encoding of its value.
		if v, err := s.Decode(x); err == nil {
			if again := roundTrip(t, s, v); !bytes.Equal(again, x) {
				t.Errorf("%x decodes, but is encoded as %x", x, again)
			}
		}
	})
}

func roundTrip(t *testing.T, s serde.Serde[allKinds], v allKinds) []byte {
	t.Helper()
	b, err := s.Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	back, err := s.Decode(b)
	if err != nil {
		t.Fatalf("%+v: %v", v, err)
	}
	bits := gocmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })
	bits32 := gocmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) })
	if diff := gocmp.Diff(v, back, bits, bits32); diff != "" {
		t.Fatalf("came back otherwise (-want +got):\n%s", diff)
	}
	return b
}

// arbitraryKey makes a key of arbitrary bytes; few bytes make keys that are often alike in their first fields.
func arbitraryKey(b []byte) (k allKinds) {
	take := func(n int) []byte {
		n = min(n, len(b))
		p := b[:n]
		b = b[n:]
		return p
	}
	word := func(n int) (v uint64) {
		for _, c := range take(n) {
			v = v<<8 | uint64(c)
		}
		return v
	}
	k.S = string(take(int(word(1) % 4)))
	k.B = append([]byte{}, take(int(word(1)%4))...)
	k.T = word(1)%2 == 1
	k.I, k.I32, k.I16, k.I8 = int64(word(8)), int32(word(4)), int16(word(2)), int8(word(1))
	k.U, k.U32, k.U16, k.U8 = uint(word(8)), uint32(word(4)), uint16(word(2)), uint8(word(1))
	k.F, k.F32 = math.Float64frombits(word(8)), float32(int32(word(4)))
	k.In.ID, k.In.Arr = siteID(take(int(word(1)%3))), [2]int16{int16(word(2)), int16(word(2))}
	copy(k.Raw[:], take(3))
	k.At = time.Unix(int64(int32(word(4))), int64(word(4)%uint64(time.Second))).UTC()
	return k
}

var errRefused = errors.New("refused")
