package serde_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/window"
)

type viewed struct {
	Name  string
	Path  *string
	Bytes []byte
	More  map[string][]string
}

type viewedKey struct {
	Plate string
	Well  string
}

// checkView compares View with Decode, and counts what View allocates for each.
func checkView[T any](t *testing.T, s serde.Serde[T], v T, allocs float64) {
	t.Helper()
	src, err := s.Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	view := serde.Viewing(s)
	got := v // what was there before must go
	if err := view(src, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v, got); diff != "" {
		t.Errorf("View of %T (-want +got):\n%s", v, diff)
	}
	if n := testing.AllocsPerRun(100, func() { err = view(src, &got) }); n > allocs {
		t.Errorf("View of %T allocates %v times, want at most %v", v, n, allocs)
	}
	decoded, err := s.Decode(src)
	if err != nil {
		t.Fatal(err)
	}
	for i := range src {
		src[i] = 0xff
	}
	if diff := cmp.Diff(v, decoded); diff != "" {
		t.Errorf("Decode of %T points into its source (-want +got):\n%s", v, diff)
	}
}

func TestView(t *testing.T) { // not parallel: it counts allocations
	type id string
	path := "a/b.tif"
	checkView(t, serde.String(), "B07", 0)
	checkView(t, serde.String(), "", 0)
	checkView(t, must(serde.For[id]), "B07", 0)
	checkView(t, must(serde.For[*string]), &path, 1)
	checkView(t, must(serde.ForKey[viewedKey]), viewedKey{"p1", "B07"}, 0)
	checkView(t, must(serde.ForKey[viewedKey]), viewedKey{"p\x001", "B07"}, 1)
	checkView(t, window.KeySerde(serde.String()), window.Key[string]{Key: "B07", Start: 1, End: 2}, 0)
	checkView(t, serde.MsgPack[viewedKey](), viewedKey{"p1", "B07"}, 0)
	checkView(t, serde.MsgPack[viewed](), viewed{"x", &path, []byte{1}, map[string][]string{"a": {"b", "c"}}}, 7)
	checkView(t, serde.Int64(), 7, 0)
}

// A []byte may be changed by whoever gets it, so it is a copy in any case; and a small part must not keep a large whole.
func TestViewCopies(t *testing.T) {
	t.Parallel()
	s := serde.MsgPack[viewed]()
	src, err := s.Append(nil, viewed{Bytes: []byte("abc")})
	if err != nil {
		t.Fatal(err)
	}
	var v viewed
	if err := serde.Viewing(s)(src, &v); err != nil {
		t.Fatal(err)
	}
	before := bytes.Clone(src)
	v.Bytes[0] = 'x'
	if !bytes.Equal(src, before) {
		t.Error("a []byte points into the source")
	}
	large := bytes.Repeat([]byte("a"), 5000)
	var text string
	if err := serde.Viewing(serde.String())(large, &text); err != nil {
		t.Fatal(err)
	}
	large[0] = 'b'
	if text[0] != 'a' {
		t.Error("a string of 5,000 bytes points into the source")
	}
}
