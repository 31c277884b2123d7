package serde_test

import (
	"bytes"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/serde/wire"
)

func decode[T any](t *testing.T, in string) error {
	t.Helper()
	_, err := serde.MsgPack[T]().Decode([]byte(in))
	return err
}

func TestForeignBytes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		err  error
		want error
	}{
		{"nothing", decode[inner](t, ""), wire.ErrShort},
		{"half a struct", decode[inner](t, "\x82\xa1X"), wire.ErrShort},
		{"trailing", decode[inner](t, "\x80\x00"), wire.ErrTrailing},
		{"a string for a struct", decode[inner](t, "\xa1a"), wire.ErrType},
		{"a field of another type", decode[inner](t, "\x81\xa1X\xa1a"), wire.ErrType},
		{"too large for int8", decode[int8](t, "\xcc\x80"), wire.ErrRange},
		{"too large for int64", decode[int64](t, "\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), wire.ErrRange},
		{"negative for uint", decode[uint](t, "\xff"), wire.ErrRange},
		{"an array too long", decode[[1]int](t, "\x92\x01\x02"), wire.ErrRange},
		{"bytes too long", decode[[1]byte](t, "\xc4\x02ab"), wire.ErrRange},
		{"a slice as a map's key", decode[any](t, "\x81\x90\x00"), wire.ErrType},
		{"a slice as a typed map's key", decode[map[any]int](t, "\x81\x90\x00"), wire.ErrType},
		{"the unused code", decode[any](t, "\xc1"), wire.ErrType},
		{"deep any", decode[any](t, deep()), wire.ErrDepth},
		{"deep unknown field", decode[inner](t, "\x81\xa1?"+deep()), wire.ErrDepth},
		{"deep nodes", decode[node](t, deepNodes()), wire.ErrDepth},
		{"deep where a codec of its own reads", decode[time.Time](t, deep()), wire.ErrDepth},
	} {
		if !errors.Is(tc.err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, tc.err, tc.want)
		}
	}
}

func deep() string { return string(bytes.Repeat([]byte{0x91}, 1<<16)) + "\xc0" }

func deepNodes() string {
	return string(bytes.Repeat([]byte("\x81\xa4Next"), 1<<14)) + "\xc0"
}

// TestMemoryIsBounded feeds lengths of billions in a few bytes. Not parallel: it counts the process's allocations.
func TestMemoryIsBounded(t *testing.T) {
	const large = "\xff\xff\xff\xff"
	for name, f := range map[string]func() error{
		"slice":        func() error { return decode[[]everything](t, "\xdd"+large) },
		"strings":      func() error { return decode[[]string](t, "\xdd"+large) },
		"map":          func() error { return decode[map[string]int](t, "\xdf"+large) },
		"any array":    func() error { return decode[any](t, "\xdd"+large) },
		"any map":      func() error { return decode[any](t, "\xdf"+large) },
		"string":       func() error { return decode[string](t, "\xdb"+large) },
		"bytes":        func() error { return decode[[]byte](t, "\xc6"+large) },
		"time":         func() error { return decode[time.Time](t, "\xc9"+large) },
		"unknown":      func() error { return decode[inner](t, "\x81\xa1?\xdd"+large) },
		"wrong inside": func() error { return decode[[]everything](t, "\xdd\x00\x10\x00\x00"+string(make([]byte, 1<<20))) },
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := f()
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; err == nil || got > 8<<20 {
			t.Errorf("%s: %v, %d bytes allocated", name, err, got)
		}
	}
}
