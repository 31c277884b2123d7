package store_test

import (
	"testing"
	"time"

	"github.com/millrace-go/millrace/internal/store"
)

func TestImmutable(t *testing.T) {
	t.Parallel()
	type plain struct {
		A int
		B [2]string
	}
	type nested struct {
		A plain
		B struct{ C []int }
	}
	for name, row := range map[string]struct{ got, want bool }{
		"int":                 {store.Immutable[int](), true},
		"string":              {store.Immutable[string](), true},
		"struct":              {store.Immutable[plain](), true},
		"pointer":             {store.Immutable[*plain](), false},
		"slice":               {store.Immutable[[]int](), false},
		"map":                 {store.Immutable[map[string]int](), false},
		"interface":           {store.Immutable[any](), false},
		"func":                {store.Immutable[func()](), false},
		"slice in a struct":   {store.Immutable[nested](), false},
		"pointer in an array": {store.Immutable[[1]*int](), false},
		"array":               {store.Immutable[[1]int](), true},
		"time, which has one": {store.Immutable[time.Time](), false},
	} {
		if row.got != row.want {
			t.Errorf("Immutable of %s is %v", name, row.got)
		}
	}
}

func TestNil(t *testing.T) {
	t.Parallel()
	type bytes []byte
	for name, row := range map[string]struct{ got, want bool }{
		"pointer":         {store.Nilable[*int](), true},
		"interface":       {store.Nilable[error](), true},
		"bytes":           {store.Nilable[[]byte](), true},
		"named bytes":     {store.Nilable[bytes](), true},
		"slice":           {store.Nilable[[]int](), false},
		"map":             {store.Nilable[map[int]int](), false},
		"struct":          {store.Nilable[struct{ P *int }](), false},
		"nil pointer":     {isNil[*int](nil), true},
		"pointer to zero": {isNil(new(int)), false},
		"nil bytes":       {isNil[[]byte](nil), true},
		"empty bytes":     {isNil([]byte{}), false},
		"nil interface":   {isNil[any](nil), true},
		"typed nil":       {isNil[any]((*int)(nil)), false},
	} {
		if row.got != row.want {
			t.Errorf("%s: %v, want %v", name, row.got, row.want)
		}
	}
}

func isNil[T any](v T) bool { return store.IsNil(&v) }
