package serde_test

import (
	"encoding/hex"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/serde"
)

type (
	siteID  string
	blob    []byte
	level   int8
	flag    bool
	celsius float32
)

var unexported = cmp.Exporter(func(reflect.Type) bool { return true })

// check encodes v, compares with the expected bytes in hex, and decodes again. dst is not empty, because a serde must append.
func check[T any](t *testing.T, s serde.Serde[T], v T, want string) {
	t.Helper()
	got, err := s.Append([]byte("before"), v)
	if err != nil {
		t.Errorf("Append(%v): %v", v, err)
		return
	}
	body, ok := strings.CutPrefix(string(got), "before")
	if !ok || hex.EncodeToString([]byte(body)) != want {
		t.Errorf("Append(%v) = %x, want %x and %s", v, got, "before", want)
	}
	input := []byte(body)
	back, err := s.Decode(input)
	if err != nil {
		t.Errorf("Decode(%x): %v", input, err)
		return
	}
	for i := range input {
		input[i] = 0xee // a value that points into its input shows it now
	}
	if diff := cmp.Diff(v, back, unexported); diff != "" {
		t.Errorf("%T came back otherwise (-want +got):\n%s", v, diff)
	}
}

func value[T any](t *testing.T) serde.Serde[T] {
	t.Helper()
	s, err := serde.For[T]()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func key[T any](t *testing.T) serde.Serde[T] {
	t.Helper()
	s, err := serde.ForKey[T]()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPrimitives has the bytes that Kafka's serializers for the JVM write: StringSerializer, LongSerializer and so on.
func TestPrimitives(t *testing.T) {
	t.Parallel()
	check(t, value[string](t), "", "")
	check(t, value[string](t), "zoë\x00", "7a6fc3ab00")
	check(t, value[siteID](t), "A01", "413031")
	check(t, value[[]byte](t), []byte{0, 255}, "00ff")
	check(t, value[[]byte](t), []byte{}, "")
	check(t, value[blob](t), blob{1}, "01")
	check(t, value[int64](t), 1, "0000000000000001")
	check(t, value[int64](t), -2, "fffffffffffffffe")
	check(t, value[int](t), math.MinInt64, "8000000000000000")
	check(t, value[uint64](t), math.MaxUint64, "ffffffffffffffff")
	check(t, value[uint](t), 7, "0000000000000007")
	check(t, value[int32](t), -1, "ffffffff")
	check(t, value[uint32](t), 258, "00000102")
	check(t, value[int16](t), -256, "ff00")
	check(t, value[uint16](t), 513, "0201")
	check(t, value[int8](t), -128, "80")
	check(t, value[level](t), 3, "03")
	check(t, value[uint8](t), 200, "c8")
	check(t, value[bool](t), true, "01")
	check(t, value[flag](t), false, "00")
	check(t, value[float64](t), -1.5, "bff8000000000000")
	check(t, value[float32](t), 1, "3f800000")
	check(t, value[celsius](t), -0.5, "bf000000")
	check(t, key[int64](t), -2, "fffffffffffffffe")
	check(t, key[siteID](t), "A\x0001", "41003031")
}

func TestPointers(t *testing.T) {
	t.Parallel()
	check(t, value[*string](t), new("a"), "61")
	check(t, value[*siteID](t), new(siteID("b")), "62")
	check(t, value[*blob](t), new(blob{9}), "09")
	check(t, value[*bool](t), new(true), "01")
	check(t, value[*int](t), new(-1), "ffffffffffffffff")
	check(t, value[*uint](t), new(uint(1)), "0000000000000001")
	check(t, value[*int64](t), new(int64(-1)), "ffffffffffffffff")
	check(t, value[*float64](t), new(1.0), "3ff0000000000000")
	check(t, value[*float32](t), new(float32(1)), "3f800000")
	check(t, value[*int16](t), new(int16(-1)), "ffff")
	check(t, value[*level](t), new(level(-1)), "ff")
	check(t, key[*string](t), new("a"), "61")
	check(t, value[*struct{ A int }](t), &struct{ A int }{5}, "81a14105")
	check(t, key[*struct{ A int8 }](t), &struct{ A int8 }{5}, "85")
}

func TestNilIsNotEncoded(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func() ([]byte, error){
		"string": func() ([]byte, error) { return value[*string](t).Append([]byte("x"), nil) },
		"struct": func() ([]byte, error) { return value[*struct{ A int }](t).Append([]byte("x"), nil) },
		"coded":  func() ([]byte, error) { return value[*coded](t).Append([]byte("x"), nil) },
		"key":    func() ([]byte, error) { return key[*struct{ A int }](t).Append([]byte("x"), nil) },
	} {
		if b, err := f(); err == nil || string(b) != "x" {
			t.Errorf("%s: Append(nil) = %q, %v, want an error and dst as it was", name, b, err)
		}
	}
}

func TestPrimitivesOfTheWrongSize(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"int64":   second(value[int64](t).Decode(make([]byte, 7))),
		"int":     second(value[int](t).Decode(make([]byte, 9))),
		"uint":    second(value[uint](t).Decode(nil)),
		"int32":   second(value[int32](t).Decode(make([]byte, 8))),
		"int16":   second(value[int16](t).Decode(make([]byte, 1))),
		"int8":    second(value[int8](t).Decode(make([]byte, 2))),
		"bool":    second(value[bool](t).Decode(make([]byte, 2))),
		"bool 2":  second(value[bool](t).Decode([]byte{2})),
		"float32": second(value[float32](t).Decode(make([]byte, 8))),
		"*int64":  second(value[*int64](t).Decode(make([]byte, 3))),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "serde: ") {
			t.Errorf("%s: Decode = %v, want an error of package serde", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
