package store

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/graph"
)

// A row of a buffer decodes to what was encoded, or is refused.
func FuzzHeld(f *testing.F) {
	for _, h := range []Held{
		{},
		{At: -1, New: []byte{}, Prior: []byte{}},
		{At: 7, Topic: "in", Partition: 3, Offset: 1 << 40, New: []byte("new"), Prior: []byte("prior"), OldSize: 9},
		{Headers: []graph.Header{{Key: "a"}, {Key: "", Value: []byte{}}, {Key: "a", Value: []byte("v")}}},
	} {
		b, err := heldSerde{}.Append([]byte("before"), h)
		if err != nil {
			f.Fatal(err)
		}
		b = b[len("before"):]
		got, err := heldSerde{}.Decode(b)
		if diff := cmp.Diff(h, got); err != nil || diff != "" {
			f.Fatalf("%v\n%s", err, diff)
		}
		for n := range b { // cut short, it is refused, or has less of the new value
			if cut, err := (heldSerde{}).Decode(b[:n]); err == nil && !bytes.HasPrefix(h.New, cut.New) {
				f.Fatalf("%x decodes to %v", b[:n], cut)
			}
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := heldSerde{}.Decode(b)
		if err != nil {
			return
		}
		again, err := heldSerde{}.Append(nil, h)
		if err != nil {
			t.Fatal(err)
		}
		got, err := heldSerde{}.Decode(again)
		if diff := cmp.Diff(h, got); err != nil || diff != "" {
			t.Fatalf("%x: %v\n%s", b, err, diff)
		}
	})
}
