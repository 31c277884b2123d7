package serde_test

import (
	"testing"

	"github.com/millrace-go/millrace/serde"
)

// funcSerde cannot be compared.
type funcSerde struct{ f func() }

func (funcSerde) Append(dst []byte, _ string) ([]byte, error) { return dst, nil }
func (funcSerde) Decode([]byte) (string, error)               { return "", nil }

type reading struct{ At, Value int64 }

func TestEqual(t *testing.T) {
	t.Parallel()
	f := funcSerde{func() {}}
	for _, tc := range []struct {
		name      string
		got, want bool
	}{
		{"string, both ways", serde.Equal(value[string](t), serde.String()), true},
		{"string as key", serde.Equal(key[string](t), serde.String()), true},
		{"int64", serde.Equal(value[int64](t), serde.Int64()), true},
		{"bytes", serde.Equal(value[[]byte](t), serde.Bytes()), true},
		{"pointer", serde.Equal(value[*string](t), value[*string](t)), true},
		{"struct", serde.Equal(value[reading](t), value[reading](t)), true},
		{"struct, MsgPack", serde.Equal(value[reading](t), serde.MsgPack[reading]()), true},
		{"struct, pointer", serde.Equal(value[*reading](t), value[*reading](t)), true},
		{"struct, key and value", serde.Equal(value[reading](t), key[reading](t)), false},
		{"JSON", serde.Equal(serde.JSON[reading](), serde.JSON[reading]()), true},
		{"JSON and MessagePack", serde.Equal(serde.JSON[reading](), value[reading](t)), false},
		{"not comparable", serde.Equal[string](f, f), false},
		{"not comparable and stock", serde.Equal[string](f, serde.String()), false},
		{"nil", serde.Equal[string](nil, nil), true},
		{"nil and stock", serde.Equal[string](nil, serde.String()), false},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: Equal = %v, want %v", tc.name, tc.got, tc.want)
		}
	}
}
