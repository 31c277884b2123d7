package serde_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/millrace-go/millrace/serde"
)

// coded appends its own bytes and refuses "no".
type coded struct{ text string }

func (c coded) AppendBinary(b []byte) ([]byte, error) {
	if c.text == "no" {
		return b, errRefused
	}
	return append(append(b, '<'), c.text...), nil
}

func (c *coded) UnmarshalBinary(b []byte) error {
	text, ok := bytes.CutPrefix(b, []byte("<"))
	if !ok {
		return errRefused
	}
	c.text = string(text)
	return nil
}

// marshaled has the older pair of methods.
type marshaled struct{ n byte }

func (m marshaled) MarshalBinary() ([]byte, error)  { return []byte{m.n, m.n}, nil }
func (m *marshaled) UnmarshalBinary(b []byte) error { m.n = b[0]; return nil } // panics on empty input

// packed writes one MessagePack value by itself.
type packed struct{ n int }

func (p packed) EncodeMsgpack(e *msgpack.Encoder) error { return e.EncodeInt(int64(p.n)) }
func (p *packed) DecodeMsgpack(d *msgpack.Decoder) (err error) {
	p.n, err = d.DecodeInt()
	return err
}

// enum is a string with a codec: the codec goes before the kind.
type enum string

func (e enum) AppendBinary(b []byte) ([]byte, error) { return append(b, e[0]), nil }
func (e *enum) UnmarshalBinary(b []byte) error       { *e = enum(b) + "..."; return nil }

func TestOwnCodecs(t *testing.T) {
	t.Parallel()
	check(t, value[coded](t), coded{"a"}, "3c61")
	check(t, value[*coded](t), &coded{"a"}, "3c61")
	check(t, key[coded](t), coded{"a"}, "3c61")
	check(t, value[marshaled](t), marshaled{7}, "0707")
	check(t, value[packed](t), packed{300}, "cd012c")
	check(t, key[packed](t), packed{300}, "cd012c")
	check(t, value[enum](t), "x...", "78")
	at := time.Date(2026, 11, 24, 1, 2, 3, 4, time.UTC)
	check(t, value[time.Time](t), at, "010000000ee296d90b00000004ffff")
	// Inside other values.
	check(t, value[[]coded](t), []coded{{"a"}}, "91c4023c61")
	check(t, value[map[string]marshaled](t), map[string]marshaled{"k": {1}}, "81a16bc4020101")
	check(t, value[struct{ P *packed }](t), struct{ P *packed }{&packed{5}}, "81a15005")
	check(t, value[[]*coded](t), []*coded{nil}, "91c0")
	check(t, value[[]time.Time](t), []time.Time{time.Unix(1, 0)}, "91d6ff00000001")
	check(t, key[struct{ C coded }](t), struct{ C coded }{coded{"a\x00"}}, "3c6100ff0001")
	check(t, key[struct{ P packed }](t), struct{ P packed }{packed{0}}, "00ff0001")
	check(t, value[map[coded]int](t), map[coded]int{{"b"}: 1, {"a"}: 2}, "82c4023c6102c4023c6201")
}

func TestOwnCodecsFail(t *testing.T) {
	t.Parallel()
	_, refusedAppend := value[coded](t).Append(nil, coded{"no"})
	_, refusedInside := value[[]coded](t).Append(nil, []coded{{"no"}})
	_, refusedKey := key[struct{ C coded }](t).Append(nil, struct{ C coded }{coded{"no"}})
	for name, err := range map[string]error{
		"Append":        refusedAppend,
		"Append inside": refusedInside,
		"Append in key": refusedKey,
		"Decode":        second(value[coded](t).Decode([]byte("x"))),
		"Decode *":      second(value[*coded](t).Decode([]byte("x"))),
		"Decode inside": second(value[[]coded](t).Decode([]byte("\x91\xa1x"))),
		"Decode in key": second(key[struct{ C coded }](t).Decode([]byte("x\x00\x01"))),
	} {
		if !errors.Is(err, errRefused) {
			t.Errorf("%s: %v, want the codec's error", name, err)
		}
	}
	for name, err := range map[string]error{
		"Decode":        second(value[marshaled](t).Decode(nil)),
		"Decode inside": second(value[[]marshaled](t).Decode([]byte("\x91\xc4\x00"))),
	} {
		if err == nil || !strings.Contains(err.Error(), "panicked") {
			t.Errorf("%s: %v, want the panic as an error", name, err)
		}
	}
}

func TestTypeThatChoosesItsKeySerde(t *testing.T) {
	t.Parallel()
	check(t, key[reversed](t), "abc", "636261")
	check(t, value[reversed](t), "abc", "616263")
	check(t, key[*chosen](t), &chosen{1}, "fe")
	fails(t, serde.ForKey[*reversed], "use serde_test.reversed")
}

// chosen chooses the serde of its pointer.
type chosen struct{ n byte }

func (c chosen) KeySerde() (serde.Serde[*chosen], error) { return chosenSerde{}, nil }

type chosenSerde struct{}

func (chosenSerde) Append(dst []byte, v *chosen) ([]byte, error) { return append(dst, ^v.n), nil }
func (chosenSerde) Decode(src []byte) (*chosen, error)           { return &chosen{^src[0]}, nil }

// reversed is a string whose keys are written backwards, so that those with one ending lie together.
type reversed string

func (reversed) KeySerde() (serde.Serde[reversed], error) { return reversedSerde{}, nil }

type reversedSerde struct{}

func (reversedSerde) Append(dst []byte, v reversed) ([]byte, error) {
	for i := len(v) - 1; i >= 0; i-- {
		dst = append(dst, v[i])
	}
	return dst, nil
}

func (s reversedSerde) Decode(src []byte) (reversed, error) {
	b, err := s.Append(nil, reversed(src))
	return reversed(b), err
}

func TestJSON(t *testing.T) {
	t.Parallel()
	check(t, serde.JSON[inner](), inner{X: 1, Note: "<a>"}, fmt.Sprintf("%x", `{"X":1,"Y":0,"Note":"<a>"}`))
	check(t, serde.JSON[map[string]int](), map[string]int{"b": 1, "a": 2}, fmt.Sprintf("%x", `{"a":2,"b":1}`))
	for name, err := range map[string]error{
		"trailing": second(serde.JSON[int]().Decode([]byte("1 2"))),
		"type":     second(serde.JSON[int]().Decode([]byte(`"1"`))),
		"func":     second(serde.JSON[func()]().Append(nil, func() {})),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "serde: ") {
			t.Errorf("%s: %v, want an error of package serde", name, err)
		}
	}
}

// suffixed is a key of which the last byte does not decide the partition.
type suffixed struct{ serde.Serde[string] }

func (suffixed) PartitionBytes(b []byte) []byte { return b[:len(b)-1] }

func TestPartitionBytes(t *testing.T) {
	t.Parallel()
	if got := serde.PartitionBytes(serde.String(), []byte("ab")); string(got) != "ab" {
		t.Errorf("string: %q", got)
	}
	if got := serde.PartitionBytes[string](suffixed{serde.String()}, []byte("ab")); string(got) != "a" {
		t.Errorf("suffixed: %q", got)
	}
}
