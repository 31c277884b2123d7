package table

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/serde"
)

// What a foreign-key join writes to its topics and stores comes back as it was; other bytes are an error or something that is
// written again as the same bytes' meaning, and never a panic.
func FuzzForeignKeyWire(f *testing.F) {
	f.Add([]byte{}, int64(0), int64(0), int32(0), byte(0))
	f.Add([]byte("r1"), int64(1<<62), int64(7), int32(1<<31-1), byte(3))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, int64(5), int64(5), int32(2), byte(1))
	f.Fuzz(func(t *testing.T, b []byte, version, since int64, partition int32, do byte) {
		version, partition = max(0, version), max(0, partition)
		since = min(max(0, since), version)
		ask := fkAsk{Do: fkDo(do % 4), Version: version, Partition: partition, PK: b}
		roundTrip(t, serde.Serde[fkAsk](fkAskSerde{}), ask)
		roundTrip(t, serde.Serde[fkSub](fkSubSerde{}), fkSub{version, partition})
		answer := fkAnswer{Version: version, Partition: partition}
		if len(b) > 0 { // an empty row reads as none
			answer.Row = b
		}
		roundTrip(t, serde.Serde[fkAnswer](fkAnswerSerde{}), answer)
		rows := serde.Serde[fkRow[string]](fkRowSerde[string]{serde.String()})
		roundTrip(t, rows, fkRow[string]{Version: version, Since: since, Value: "of none"})
		roundTrip(t, rows, fkRow[string]{Version: version, Since: since, FK: append([]byte{}, b...), Value: "v"})

		meaning(t, serde.Serde[fkAsk](fkAskSerde{}), b)
		meaning(t, serde.Serde[fkSub](fkSubSerde{}), b)
		meaning(t, serde.Serde[fkAnswer](fkAnswerSerde{}), b)
		meaning(t, rows, b)
	})
}

func roundTrip[T any](t *testing.T, s serde.Serde[T], v T) {
	t.Helper()
	b, err := s.Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Decode(b)
	if err != nil {
		t.Fatalf("%v does not come back: %v", v, err)
	}
	if diff := cmp.Diff(v, got); diff != "" {
		t.Error(diff)
	}
}

// meaning decodes bytes that may be damaged: what they mean, if anything, survives.
func meaning[T any](t *testing.T, s serde.Serde[T], b []byte) {
	t.Helper()
	if v, err := s.Decode(b); err == nil {
		roundTrip(t, s, v)
	}
}

// No foreign key's prefix starts the subscriptions to another one.
func FuzzForeignKeyPrefix(f *testing.F) {
	f.Add([]byte("a"), []byte("ab"), []byte("l1"))
	f.Add([]byte{}, []byte{0, 0, 0, 1}, []byte{})
	f.Fuzz(func(t *testing.T, fk, other, pk []byte) {
		sub := append(fkPrefix(other), pk...)
		if bytes.HasPrefix(sub, fkPrefix(fk)) != bytes.Equal(fk, other) {
			t.Errorf("the prefix of %q and a subscription to %q", fk, other)
		}
	})
}
