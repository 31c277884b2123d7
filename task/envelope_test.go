package task

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/serde/wire"
)

type codec[T any] interface {
	Append(dst []byte, v T) ([]byte, error)
	Decode(src []byte) (T, error)
}

func roundTrip[T any](t *testing.T, s codec[T], v T) {
	t.Helper()
	b, err := s.Append([]byte("before"), v)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Decode(b[len("before"):])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v, got); diff != "" {
		t.Errorf("after a round trip (-want +got):\n%s", diff)
	}
}

func TestEnvelopes(t *testing.T) {
	t.Parallel()
	text := serde.String()
	roundTrip(t, requestSerde[string]{text}, Request[string]{ID: "a"})
	full := Request[string]{ID: "a", Attempt: 2, Attempts: 5, Time: -1, Timeout: time.Hour, Deadline: 1 << 60, Body: "\x00ü"}
	roundTrip(t, requestSerde[string]{text}, full)
	roundTrip(t, resultSerde[string]{text}, full.Done("x"))
	roundTrip(t, resultSerde[string]{text}, full.Done(""))
	roundTrip(t, resultSerde[string]{text}, full.Started[string]())
	roundTrip(t, resultSerde[string]{text}, full.Failed[string](errors.New("why")))
	roundTrip(t, resultSerde[string]{text}, Result[string]{ID: "a", Status: StatusFailed, Null: true, Error: "e", Worker: "w"})
	roundTrip(t, deadSerde[string]{text}, Dead[string]{ID: "a"})
	roundTrip(t, deadSerde[string]{text}, Dead[string]{"a", "t", ReasonDeadline, "e", 3, 4, 5, 6, "b"})
}

// TestNilBody has a result of a type that can be nil: it is the null, and an empty one is not.
func TestNilBody(t *testing.T) {
	t.Parallel()
	s := resultSerde[[]byte]{serde.Bytes()}
	null, empty := Request[string]{ID: "a"}.Done[[]byte](nil), Request[string]{ID: "a"}.Done([]byte{})
	if !null.Null || empty.Null {
		t.Errorf("nil is a null: %v, empty is: %v", null.Null, empty.Null)
	}
	roundTrip(t, s, null)
	roundTrip(t, s, empty)
	// A worker in another language may write the null that it has.
	b := wire.AppendMapLen(nil, 3)
	b = wire.AppendInt(wire.AppendString(b, "v"), 1)
	b = wire.AppendString(wire.AppendString(b, "id"), "a")
	b = wire.AppendNil(wire.AppendString(b, "body"))
	if got, err := s.Decode(b); err != nil || !got.Null {
		t.Errorf("a nil body: %+v, %v", got, err)
	}
}

// TestStranger decodes what another program wrote: fields in another order, and some that are not known.
func TestStranger(t *testing.T) {
	t.Parallel()
	b := wire.AppendMapLen(nil, 5)
	b = wire.AppendBytes(wire.AppendString(b, "body"), []byte("x"))
	b = wire.AppendFloat64(wire.AppendArrayLen(wire.AppendString(b, "progress"), 1), 0.5)
	b = wire.AppendString(wire.AppendString(b, "status"), "ok")
	b = wire.AppendString(wire.AppendString(b, "id"), "a")
	b = wire.AppendUint(wire.AppendString(b, "v"), 1)
	got, err := resultSerde[string]{serde.String()}.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Result[string]{ID: "a", Status: StatusOK, Body: "x"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestBodyError has the two sides disagree on a type: what the envelope says is there all the same.
func TestBodyError(t *testing.T) {
	t.Parallel()
	b, err := resultSerde[string]{serde.String()}.Append(nil, Request[string]{ID: "a", Attempt: 3}.Done("x"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := resultSerde[int64]{serde.Int64()}.Decode(b)
	if e := (*BodyError)(nil); !errors.As(err, &e) || e.ID != "a" || e.What != "result" || e.Unwrap() == nil {
		t.Errorf("the error is %v", err)
	}
	if got.Attempt != 3 || got.Status != StatusOK {
		t.Errorf("the envelope is %+v", got)
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "short", "\xff\xfe", strings.Repeat("ü", longestError), "x" + strings.Repeat("ü", longestError)} {
		got := shorten(text)
		if len(got) > longestError || !utf8.ValidString(got) {
			t.Errorf("shorten(%d bytes) has %d bytes, valid: %v", len(text), len(got), utf8.ValidString(got))
		}
		if len(text) <= longestError && utf8.ValidString(text) && got != text {
			t.Errorf("shorten(%q) = %q", text, got)
		}
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	o, err := Options{Backoff: time.Second, MaxBackoff: 5 * time.Second}.complete()
	if err != nil {
		t.Fatal(err)
	}
	for attempt, longest := range []int64{1: 1000, 2: 2000, 3: 4000, 4: 5000, 5: 5000, 100: 5000} {
		if attempt == 0 || longest == 0 {
			continue
		}
		different := map[int64]bool{}
		for i := range 100 {
			id := strings.Repeat("x", i)
			ms := o.wait(id, attempt)
			if ms < longest/2 || ms > longest || ms != o.wait(id, attempt) {
				t.Errorf("wait(%q, %d) = %d, not between %d and %d, or not the same again", id, attempt, ms, longest/2, longest)
			}
			different[ms] = true
		}
		if len(different) < 50 {
			t.Errorf("100 requests have only %d different waits", len(different))
		}
	}
}

func TestPendingRow(t *testing.T) {
	t.Parallel()
	for _, p := range []*pending{
		{body: []byte{}},
		{key: []byte{}, body: []byte("b"), due: never},
		{
			key: []byte("k"), body: []byte("b"), time: 1, created: 2, attempt: 3, phase: backingOff, starts: 4, due: 5, err: "e",
			headers: []graph.Header{{Key: "a", Value: []byte("b")}, {Key: "a"}, {Value: []byte{}}},
		},
	} {
		got, err := decodePending(p.encode())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, got, cmp.AllowUnexported(pending{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// TestOtherRow has rows that this program did not write.
func TestOtherRow(t *testing.T) {
	t.Parallel()
	newer := wire.AppendInt(wire.AppendArrayLen(nil, 1), rowVersion+1)
	if _, err := decodePending(newer); err == nil || !strings.Contains(err.Error(), "run the newer program") {
		t.Errorf("a newer row: %v", err)
	}
	for _, b := range []string{"", "x", "\xc0", "\x91\x01"} {
		if _, err := decodePending([]byte(b)); err == nil || !strings.Contains(err.Error(), "does not decode") {
			t.Errorf("row %q: %v", b, err)
		}
	}
}
