package task

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/serde"
)

// fuzz has a decoder take any bytes: it must not panic, and what it accepts must come back after a round trip.
func fuzz[T any](f *testing.F, s codec[T], seeds ...T) {
	f.Helper()
	for _, v := range seeds {
		b, err := s.Append(nil, v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
		f.Add(bytes.Replace(b, []byte("id"), []byte("Id"), 1))
	}
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := s.Decode(b)
		if err != nil {
			return
		}
		again, err := s.Append(nil, v)
		if err != nil {
			t.Fatalf("%+v was decoded and does not encode: %v", v, err)
		}
		w, err := s.Decode(again)
		if err != nil {
			t.Fatalf("%+v was encoded and does not decode: %v", v, err)
		}
		if diff := cmp.Diff(v, w, cmp.AllowUnexported(pending{})); diff != "" {
			t.Fatalf("after a round trip (-want +got):\n%s", diff)
		}
	})
}

func FuzzRequest(f *testing.F) {
	fuzz(f, requestSerde[[]byte]{serde.Bytes()}, Request[[]byte]{ID: "a", Attempt: 1, Attempts: 5, Time: 9, Timeout: 1e9, Deadline: 8, Body: []byte("b")})
}

func FuzzResult(f *testing.F) {
	r := Request[[]byte]{ID: "a", Attempt: 2, Time: 7}
	fuzz(f, resultSerde[[]byte]{serde.Bytes()}, r.Done([]byte("x")), r.Done[[]byte](nil), r.Started[[]byte](), r.Failed[[]byte](errNoID))
}

func FuzzDead(f *testing.F) {
	fuzz(f, deadSerde[[]byte]{serde.Bytes()}, Dead[[]byte]{"a", "t", ReasonDeadline, "e", 3, 4, 5, 6, []byte("b")})
}

// FuzzEventTime has the time of a message that may be no message at all: it is never negative.
func FuzzEventTime(f *testing.F) {
	s := resultSerde[[]byte]{serde.Bytes()}
	for _, at := range []int64{0, 1 << 40, -5} {
		b, err := s.Append(nil, Result[[]byte]{ID: "a", Time: at, Null: true})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		at := eventTime(b, 42)
		if r, err := s.Decode(b); err == nil && r.Time > 0 && at != r.Time || at < 0 {
			t.Fatalf("eventTime is %d, the message's time %d (%v)", at, r.Time, err)
		}
	})
}

type rowCodec struct{}

func (rowCodec) Append(dst []byte, p *pending) ([]byte, error) {
	return append(dst, p.encode()...), nil
}
func (rowCodec) Decode(src []byte) (*pending, error) { return decodePending(src) }

func FuzzPending(f *testing.F) {
	fuzz(f, rowCodec{}, &pending{body: []byte{}}, &pending{key: []byte("k"), body: []byte("b"), attempt: 3, due: never, err: "e"})
}
