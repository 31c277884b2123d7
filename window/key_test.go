package window_test

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/window"
)

type site struct {
	Plate string
	Site  int16
}

func check[K any](t *testing.T, s serde.Serde[window.Key[K]], k window.Key[K], want, partition string) {
	t.Helper()
	b, err := s.Append([]byte("before"), k)
	if err != nil {
		t.Errorf("Append(%v): %v", k, err)
		return
	}
	body := b[len("before"):]
	if got := hex.EncodeToString(body); got != want || string(b[:6]) != "before" {
		t.Errorf("Append(%v) = %s, want %s", k, got, want)
	}
	if got := hex.EncodeToString(serde.PartitionBytes(s, body)); got != partition {
		t.Errorf("PartitionBytes(%s) = %s, want %s", want, got, partition)
	}
	back, err := s.Decode(body)
	if diff := cmp.Diff(k, back); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func stock[K any](t *testing.T) serde.Serde[window.Key[K]] {
	t.Helper()
	s, err := serde.ForKey[window.Key[K]]()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestKeySerde has the bytes of Kafka Streams' SessionWindowedSerializer: key, end, start.
func TestKeySerde(t *testing.T) {
	t.Parallel()
	check(t, stock[string](t), window.Key[string]{"a", 1, 2}, "61"+"0000000000000002"+"0000000000000001", "61")
	check(t, stock[string](t), window.Key[string]{"", 0, math.MaxInt64}, "7fffffffffffffff"+"0000000000000000", "")
	check(t, stock[int64](t), window.Key[int64]{-1, 5, 5}, "ffffffffffffffff"+"0000000000000005"+"0000000000000005", "ffffffffffffffff")
	check(t, stock[*string](t), window.Key[*string]{new("a"), 1, 2}, "61"+"0000000000000002"+"0000000000000001", "61")
	check(t, stock[site](t), window.Key[site]{site{"p", 1}, 1, 2}, "7000018001"+"0000000000000002"+"0000000000000001", "7000018001")
	nested := window.Key[window.Key[string]]{window.Key[string]{"a", 1, 2}, 3, 4}
	check(t, stock[window.Key[string]](t), nested, "61"+"0000000000000002"+"0000000000000001"+"0000000000000004"+"0000000000000003", "61")
}

// TestTimeKeySerde has the bytes of Kafka Streams' TimeWindowedSerializer: key, start.
func TestTimeKeySerde(t *testing.T) {
	t.Parallel()
	s := window.TimeKeySerde(serde.String(), 10*time.Millisecond)
	check(t, s, window.Key[string]{"ab", 20, 30}, "6162"+"0000000000000014", "6162")
	check(t, s, window.Key[string]{"", math.MaxInt64 - 3, math.MaxInt64}, "7ffffffffffffffc", "")
	if b, err := s.Append([]byte("x"), window.Key[string]{"a", 20, 31}); err == nil || string(b) != "x" || !strings.Contains(err.Error(), "ends at 30, not at 31") {
		t.Errorf("a window of another size: %q, %v", b, err)
	}
}

func TestKeySerdesFail(t *testing.T) {
	t.Parallel()
	var nilKey window.Key[*string]
	_, errNil := stock[*string](t).Append(nil, nilKey)
	_, errShort := stock[string](t).Decode(make([]byte, 15))
	_, errShortTime := window.TimeKeySerde(serde.String(), time.Second).Decode(make([]byte, 7))
	_, errInner := stock[int64](t).Decode(make([]byte, 23))
	_, errType := serde.ForKey[window.Key[map[string]int]]()
	_, errPointer := serde.ForKey[*window.Key[string]]()
	_, errSize := window.TimeKeySerde(serde.String(), time.Microsecond).Append(nil, window.Key[string]{})
	for _, tc := range []struct {
		err  error
		want string
	}{
		{errNil, "nil stands for a null"},
		{errShort, "16 bytes of times"},
		{errShortTime, "8 bytes of times"},
		{errInner, "takes 8 bytes"},
		{errType, "a map has no order"},
		{errPointer, "does not take a pointer"},
		{errSize, "positive number of whole milliseconds"},
		{serde.Err(window.TimeKeySerde(serde.String(), 0)), "positive number of whole milliseconds"},
		{serde.Err(window.TimeKeySerde(serde.MsgPack[chan int](), time.Second)), "cannot be written"},
		{serde.Err(window.KeySerde(serde.MsgPack[chan int]())), "cannot be written"},
	} {
		if tc.err == nil || !strings.Contains(tc.err.Error(), tc.want) {
			t.Errorf("%v does not say %q", tc.err, tc.want)
		}
	}
	if err := serde.Err(window.TimeKeySerde(serde.String(), time.Second)); err != nil {
		t.Error(err)
	}
}

func TestStockKeySerdesAreEqual(t *testing.T) {
	t.Parallel()
	if !serde.Equal(stock[site](t), stock[site](t)) {
		t.Error("two stock serdes of one windowed key differ")
	}
	if !serde.Equal(stock[string](t), window.KeySerde(serde.String())) {
		t.Error("the stock serde is not KeySerde of the stock serde")
	}
	if serde.Equal(stock[string](t), window.TimeKeySerde(serde.String(), time.Second)) {
		t.Error("two layouts are equal")
	}
}

func TestPartitionBytesOfForeignBytes(t *testing.T) {
	t.Parallel()
	if got := serde.PartitionBytes(stock[string](t), []byte("short")); string(got) != "short" {
		t.Errorf("PartitionBytes = %q, want all of it", got)
	}
}

// FuzzKeySerde: what either layout decodes, it encodes to the same bytes.
func FuzzKeySerde(f *testing.F) {
	f.Add([]byte("key\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x01"))
	session, err := serde.ForKey[window.Key[string]]()
	if err != nil {
		f.Fatal(err)
	}
	fixed := window.TimeKeySerde(serde.String(), time.Minute)
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, s := range []serde.Serde[window.Key[string]]{session, fixed} {
			k, err := s.Decode(in)
			if err != nil {
				continue
			}
			if out, err := s.Append(nil, k); err != nil || string(out) != string(in) {
				t.Errorf("%x came back as %x, %v", in, out, err)
			}
		}
	})
}

func BenchmarkKeySerde(b *testing.B) {
	s := window.KeySerde(serde.String())
	k := window.Key[string]{"experiment-1/plate-0042/C07/3", 1700000000000, 1700000000500}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = s.Append(buf[:0], k); err != nil {
			b.Fatal(err)
		}
	}
}
