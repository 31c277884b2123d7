package serde_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/millrace-go/millrace/serde"
)

type (
	closed   struct{ a, b int }
	holder   struct{ In []closed }
	withFunc struct{ F map[string][]func() }
	halfway  struct{ A int }
	twice    struct {
		A int `msgpack:"x"`
		B int `msgpack:"x"`
	}
	loop        struct{ Next *loop }
	pointerType *int
)

func (halfway) MarshalBinary() ([]byte, error) { return nil, nil }

func fails[T any](t *testing.T, make func() (serde.Serde[T], error), want ...string) {
	t.Helper()
	s, err := make()
	if err == nil {
		t.Errorf("%T: no error", s)
		return
	}
	for _, w := range append(want, "serde: ") {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}

func TestUnsuitableValues(t *testing.T) {
	t.Parallel()
	fails(t, serde.For[closed], "serde_test.closed", "no field is exported", "AppendBinary")
	fails(t, serde.For[*closed], "no field is exported")
	fails(t, serde.For[holder], ".In[]", "no field is exported")
	fails(t, serde.For[struct{ M sync.Mutex }], ".M", "no field is exported")
	fails(t, serde.For[chan int], "chan int", "cannot be written")
	fails(t, serde.For[func()], "func()", "cannot be written")
	fails(t, serde.For[withFunc], ".F[][]", "cannot be written", `msgpack:"-"`)
	fails(t, serde.For[complex128], "cannot be written")
	fails(t, serde.For[uintptr], "cannot be written")
	fails(t, serde.For[error], "which type is in the interface")
	fails(t, serde.For[struct{ E error }], ".E", "which type is in the interface")
	fails(t, serde.For[**string], "use *string")
	fails(t, serde.For[pointerType], "use *int")
	fails(t, serde.For[halfway], "MarshalBinary but not UnmarshalBinary")
	fails(t, serde.For[twice], `"x"`, "rename one")
}

func TestUnsuitableKeys(t *testing.T) {
	t.Parallel()
	fails(t, serde.ForKey[map[string]int], "as a key", "no order")
	fails(t, serde.ForKey[[]int], "as a key", "use an array or []byte")
	fails(t, serde.ForKey[struct{ A []string }], ".A", "use an array or []byte")
	fails(t, serde.ForKey[struct{ A struct{ B *int } }], ".A.B", "use the value it points to")
	fails(t, serde.ForKey[struct{ A [2]any }], ".A[]", "which type is in the interface")
	fails(t, serde.ForKey[any], "which type is in the interface")
	fails(t, serde.ForKey[closed], "its field a is not exported", "AppendBinary")
	fails(t, serde.ForKey[struct {
		A int
		b int
	}], "its field b is not exported")
	fails(t, serde.ForKey[struct{}], "all such keys are the same")
	fails(t, serde.ForKey[[0]int], "all such keys are the same")
	fails(t, serde.ForKey[chan int], "no canonical bytes")
	fails(t, serde.ForKey[**string], "use *string")
}

func TestMsgPackOfAnUnsuitableType(t *testing.T) {
	t.Parallel()
	s := serde.MsgPack[chan int]()
	if err := serde.Err(s); err == nil {
		t.Error("Err: nil")
	}
	if _, err := s.Append(nil, nil); err == nil {
		t.Error("Append: no error")
	}
	if _, err := s.Decode(nil); err == nil {
		t.Error("Decode: no error")
	}
	if err := serde.Err(serde.MsgPack[int]()); err != nil {
		t.Error(err)
	}
}

// TestUnsuitableDynamicValues: what is in an `any` is known only when it is written.
func TestUnsuitableDynamicValues(t *testing.T) {
	t.Parallel()
	endless := &loop{}
	endless.Next = endless
	for name, v := range map[string]any{
		"chan":             make(chan int),
		"closed":           []any{closed{}},
		"points to itself": endless,
	} {
		if b, err := serde.MsgPack[any]().Append([]byte("x"), v); err == nil || string(b) != "x" {
			t.Errorf("%s: Append = %.20q, %v, want an error and dst as it was", name, b, err)
		}
	}
}
