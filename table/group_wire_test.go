package table

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/serde"
)

// The bytes of a change are part of what an upgrade meets in a repartition topic: they never change.
func TestChangeOnTheWire(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	s := changeSerde[string]{serde.String()}
	for _, tc := range []struct {
		c    change[string]
		want string
	}{
		{change[string]{old: "ab", hadOld: true}, "\x01ab"},
		{change[string]{now: "ab", hasNew: true}, "\x02ab"},
		{change[string]{now: "", hasNew: true}, "\x02"},
		{change[string]{old: "ab", now: "c", hadOld: true, hasNew: true}, "\x03\x02abc"},
		{change[string]{old: "", now: "", hadOld: true, hasNew: true}, "\x03\x00"},
		{change[string]{old: long, now: "c", hadOld: true, hasNew: true}, "\x03\xac\x02" + long + "c"},
	} {
		got, err := s.Append([]byte("before"), tc.c)
		if diff := cmp.Diff("before"+tc.want, string(got)); diff != "" || err != nil {
			t.Errorf("%v: %v %s", tc.c, err, diff)
			continue
		}
		back, err := s.Decode(got[len("before"):])
		if err != nil || back != tc.c {
			t.Errorf("%q decodes to %v, %v, want %v", tc.want, back, err, tc.c)
		}
	}
}

func TestDamagedChange(t *testing.T) {
	t.Parallel()
	s := changeSerde[int64]{serde.Int64()}
	for src, want := range map[string]string{
		"":                     "damaged record",
		"\x00":                 "by a newer millrace, as its format is 0",
		"\x04abcd":             "by a newer millrace, as its format is 4",
		"\x03":                 "damaged record",
		"\x03\x05abcd":         "damaged record",
		"\x03\xff\xff\xff\xff": "damaged record",
		"\x03\x08abcdefghijk":  "int64 takes 8 bytes, found 3",
		"\x01abc":              "int64 takes 8 bytes, found 3",
	} {
		if c, err := s.Decode([]byte(src)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q decodes to %v, %v, want an error that says %s", src, c, err, want)
		}
	}
}

var errNoBytes = errors.New("no bytes")

// failing is a serde that encodes no negative number.
type failing struct{ serde.Serde[int64] }

func (f failing) Append(dst []byte, v int64) ([]byte, error) {
	if v < 0 {
		return dst, errNoBytes
	}
	return f.Serde.Append(dst, v)
}

func TestChangeThatDoesNotEncode(t *testing.T) {
	t.Parallel()
	s := changeSerde[int64]{failing{serde.Int64()}}
	for _, c := range []change[int64]{
		{old: -1, hadOld: true},
		{now: -1, hasNew: true},
		{old: -1, now: 1, hadOld: true, hasNew: true},
		{old: 1, now: -1, hadOld: true, hasNew: true},
	} {
		if _, err := s.Append(nil, c); !errors.Is(err, errNoBytes) {
			t.Errorf("%v: error %v, want that of the values' serde", c, err)
		}
	}
}

func FuzzChange(f *testing.F) {
	for _, seed := range []string{"\x01ab", "\x02", "\x03\x02abc", "\x03\xac\x02", "\x07"} {
		f.Add([]byte(seed))
	}
	s := changeSerde[[]byte]{serde.Bytes()}
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := s.Decode(src)
		if err != nil {
			return
		}
		b, err := s.Append(nil, c)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Decode(b)
		if err != nil || !cmp.Equal(c, again, cmp.AllowUnexported(change[[]byte]{})) {
			t.Errorf("%q decodes to %v, which encodes to %q and decodes to %v, %v", src, c, b, again, err)
		}
	})
}
