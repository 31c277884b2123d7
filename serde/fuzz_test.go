package serde_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/millrace-go/millrace/serde"
)

// FuzzMsgPackDecode: no bytes make it panic, and what decodes can be encoded and is then the same value, in one encoding.
func FuzzMsgPackDecode(f *testing.F) {
	s := must(serde.For[everything])
	for _, v := range []everything{{}, filled()} {
		ours, err := s.Append(nil, v)
		if err != nil {
			f.Fatal(err)
		}
		theirs, err := msgpack.Marshal(&v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(ours)
		f.Add(theirs)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := s.Decode(in)
		if err != nil {
			return
		}
		first, err := s.Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Decode(first)
		if err != nil {
			t.Fatalf("%x: %v", first, err)
		}
		second, err := s.Append(nil, again)
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%v\n%x\n%x", err, first, second)
		}
	})
}

// FuzzMsgPackAny reads arbitrary bytes as `any`.
func FuzzMsgPackAny(f *testing.F) {
	f.Add([]byte("\x82\xa1a\x93\x01\xff\xc0\xa1b\x81\x01\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("\xd6\xff\x00\x00\x00\x01"))
	s := serde.MsgPack[any]()
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := s.Decode(in)
		if err != nil {
			return
		}
		first, err := s.Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Decode(first)
		if err != nil {
			t.Fatalf("%x: %v", first, err)
		}
		if second, err := s.Append(nil, again); err != nil || !bytes.Equal(first, second) {
			t.Errorf("%v\n%x\n%x", err, first, second)
		}
	})
}

// FuzzMsgPackAgainstV5 compares our reading of a struct of plain fields with vmihailenco/msgpack's, for bytes that both accept. (We refuse
// numbers that do not fit, which it truncates, and bytes that follow.)
func FuzzMsgPackAgainstV5(f *testing.F) {
	type plain struct {
		S     string
		N     int64
		U     uint64
		F     float64
		T     bool
		B     []byte
		L     []string
		M     map[string]string
		Inner *plain
	}
	seed, err := msgpack.Marshal(&plain{S: "s", N: -5, U: 9, F: 1.5, T: true, B: []byte{1}, L: []string{"a"}, M: map[string]string{"k": "v"}, Inner: &plain{}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	s := must(serde.For[plain])
	f.Fuzz(func(t *testing.T, in []byte) {
		ours, err := s.Decode(in)
		if err != nil {
			return
		}
		var theirs plain
		if err := msgpack.Unmarshal(in, &theirs); err != nil {
			return // what only one of them accepts cannot be compared
		}
		bits := cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })
		if diff := cmp.Diff(theirs, ours, bits); diff != "" {
			t.Errorf("%x (-v5 +ours):\n%s", in, diff)
		}
	})
}

// FuzzPrimitives: whatever a primitive decodes, it encodes to the same bytes.
func FuzzPrimitives(f *testing.F) {
	f.Add([]byte("12345678"))
	f.Add(binary.BigEndian.AppendUint32(nil, 7))
	f.Fuzz(func(t *testing.T, in []byte) {
		same(t, value[string](t), in)
		same(t, value[[]byte](t), in)
		same(t, value[int](t), in)
		same(t, value[uint64](t), in)
		same(t, value[int32](t), in)
		same(t, value[uint16](t), in)
		same(t, value[int8](t), in)
		same(t, value[bool](t), in)
		same(t, value[float64](t), in)
		same(t, value[*float32](t), in)
	})
}

func same[T any](t *testing.T, s serde.Serde[T], in []byte) {
	t.Helper()
	v, err := s.Decode(in)
	if err != nil {
		return
	}
	if out, err := s.Append(nil, v); err != nil || !bytes.Equal(in, out) {
		t.Errorf("%T: %x came back as %x, %v", v, in, out, err)
	}
}

// TestConcurrentUse compiles and uses serdes from many goroutines; the race detector watches.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	type fresh struct {
		Kids map[string]*fresh
		List []map[int]string
	}
	v := fresh{Kids: map[string]*fresh{"a": {}, "b": {List: []map[int]string{{1: "x", 2: "y"}}}}}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				s, err := serde.For[fresh]()
				if err != nil {
					t.Error(err)
					return
				}
				b, err := s.Append(nil, v)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := s.Decode(b)
				if diff := cmp.Diff(v, got); diff != "" || err != nil {
					t.Errorf("%v (-want +got):\n%s", err, diff)
					return
				}
			}
		})
	}
	all.Wait()
}
