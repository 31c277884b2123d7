package serde_test

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/millrace-go/millrace/serde"
)

type inner struct {
	X, Y int16
	Note string `msgpack:"note,omitempty"`
}

type node struct {
	Name string
	Next *node
	Kids []node
}

type embedded struct {
	inner
	*Deep
	Own int
}

// Deep is embedded by pointer.
type Deep struct{ Depth uint8 }

// everything has a field of each kind that MessagePack holds.
type everything struct {
	S      string
	ID     siteID
	B      []byte
	Flag   bool
	I      int
	I8     int8
	I16    int16
	I32    int32
	I64    int64
	U      uint
	U8     uint8
	U16    uint16
	U32    uint32
	U64    uint64
	F32    float32
	F64    float64
	Named  level `msgpack:"n"`
	Hidden int   `msgpack:"-"`
	In     inner
	Ptr    *inner
	Nil    *inner
	List   []inner
	Empty  []inner
	None   []inner
	Words  []string
	Arr    [3]int32
	Raw    [4]byte
	At     time.Time
	For    time.Duration
	Ints   map[int]string
	Strs   map[string]string
	Keys   map[[2]int8]bool
	Set    map[siteID]struct{}
	Any    any
	Tree   node
	Big    *big.Int
	secret int
}

func filled() everything {
	return everything{
		S: "naïve", ID: "A01", B: []byte{0, 1, 2}, Flag: true,
		I: -7, I8: math.MinInt8, I16: math.MinInt16, I32: math.MinInt32, I64: math.MinInt64,
		U: 9, U8: math.MaxUint8, U16: math.MaxUint16, U32: math.MaxUint32, U64: math.MaxUint64,
		F32: 1.5, F64: math.Inf(-1), Named: -3,
		In: inner{1, -1, "in"}, Ptr: &inner{X: 4}, List: []inner{{X: 1}, {Y: 2}}, Empty: []inner{},
		Words: []string{"a", "", "ccc"}, Arr: [3]int32{1, 2, 3}, Raw: [4]byte{9, 8, 7, 6},
		At: time.Unix(1700000000, 123456789), For: time.Second,
		Ints: map[int]string{-1: "m", 0: "z", 300: "p"}, Strs: map[string]string{"k": "v", "a": ""},
		Keys: map[[2]int8]bool{{1, 2}: true, {-1, 0}: false}, Set: map[siteID]struct{}{"x": {}},
		Any:  map[string]any{"list": []any{int64(1), "two", 3.5, nil, true}, "n": uint64(math.MaxUint64)},
		Tree: node{Name: "root", Next: &node{Name: "next"}, Kids: []node{{Name: "kid"}}},
		Big:  big.NewInt(1 << 40),
	}
}

var bigInts = cmp.Comparer(func(a, b *big.Int) bool { return a == b || a != nil && b != nil && a.Cmp(b) == 0 })

func TestMsgPackRoundTrip(t *testing.T) {
	t.Parallel()
	s := value[everything](t)
	for _, want := range []everything{{}, filled()} {
		b, err := s.Append(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, bigInts, cmp.AllowUnexported(everything{})); diff != "" {
			t.Errorf("came back otherwise (-want +got):\n%s", diff)
		}
	}
}

// TestMsgPackIsThatOfV5 reads with vmihailenco/msgpack what we write, and the other way about.
func TestMsgPackIsThatOfV5(t *testing.T) {
	t.Parallel()
	s := value[everything](t)
	want := filled()
	ours, err := s.Append(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	var got everything
	if err := msgpack.Unmarshal(ours, &got); err != nil {
		t.Fatal(err)
	}
	got.Any = want.Any // v5 gives each number the width it was written with
	if diff := cmp.Diff(want, got, bigInts, cmp.AllowUnexported(everything{})); diff != "" {
		t.Errorf("v5 read otherwise (-want +got):\n%s", diff)
	}
	theirs, err := msgpack.Marshal(&want)
	if err != nil {
		t.Fatal(err)
	}
	got, err = s.Decode(theirs)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, bigInts, cmp.AllowUnexported(everything{})); diff != "" {
		t.Errorf("we read otherwise what v5 wrote (-want +got):\n%s", diff)
	}
}

// TestMsgPackBytesAreThoseOfV5 compares the bytes themselves, for a value in which v5 can sort every map.
func TestMsgPackBytesAreThoseOfV5(t *testing.T) {
	t.Parallel()
	v := filled()
	v.Ints, v.Keys, v.Set = nil, nil, nil
	ours, err := value[everything](t).Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	var theirs bytes.Buffer
	e := msgpack.NewEncoder(&theirs)
	e.UseCompactInts(true)
	e.SetSortMapKeys(true)
	if err := e.Encode(&v); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fmt.Sprintf("%x", theirs.Bytes()), fmt.Sprintf("%x", ours)); diff != "" {
		t.Errorf("bytes differ (-v5 +ours):\n%s", diff)
	}
}

func TestMsgPackGolden(t *testing.T) {
	t.Parallel()
	type point struct{ X, Y int }
	type tagged struct {
		_msgpack struct{} `msgpack:",as_array"`
		A        int
		B        string
	}
	check(t, value[point](t), point{1, -1}, "82a15801a159ff")
	check(t, value[inner](t), inner{X: 1}, "82a15801a15900")
	check(t, value[inner](t), inner{Note: "n"}, "83a15800a15900a46e6f7465a16e")
	check(t, value[embedded](t), embedded{}, "83a15800a15900a34f776e00")
	check(t, value[embedded](t), embedded{Deep: &Deep{3}, Own: 1}, "84a15800a15900a5446570746803a34f776e01")
	check(t, value[[]int](t), []int{1, 2}, "920102")
	check(t, value[[]string](t), []string{}, "90")
	check(t, value[[2]bool](t), [2]bool{true, false}, "92c3c2")
	check(t, value[map[string]int](t), map[string]int{"bb": 2, "a": 1}, "82a16101a2626202")
	check(t, value[struct{}](t), struct{}{}, "80")
	check(t, value[*[]int](t), &[]int{7}, "9107")
	check(t, serde.MsgPack[string](), "a", "a161")
	check(t, serde.MsgPack[int64](), 200, "ccc8")
	check(t, serde.MsgPack[*int64](), new(int64(5)), "05")
	check(t, serde.MsgPack[any](), any("x"), "a178")
	b, err := value[tagged](t).Append(nil, tagged{A: 1, B: "b"})
	if err != nil || fmt.Sprintf("%x", b) != "9201a162" {
		t.Errorf("as_array: %x, %v", b, err)
	}
}

// TestMapsAreSorted encodes each map many times: Go iterates in another order each time.
func TestMapsAreSorted(t *testing.T) {
	t.Parallel()
	sorted(t, map[int]string{-300: "a", -1: "b", 0: "c", 5: "d", 127: "e", 128: "f", 70000: "g"},
		"87"+"d1fed4a161"+"ffa162"+"00a163"+"05a164"+"7fa165"+"cc80a166"+"ce00011170a167")
	sorted(t, map[string]uint8{"b": 1, "aa": 2, "a": 3, "": 4}, "84"+"a004"+"a16103"+"a2616102"+"a16201")
	sorted(t, map[uint8]map[int8]int{9: {1: 1, -1: 2}, 1: {0: 0, 2: 2, 3: 3}}, "82"+"01"+"83000002020303"+"09"+"82ff020101")
	sorted(t, map[[2]uint8]bool{{2, 1}: true, {1, 2}: true, {1, 1}: false}, "83"+"c4020101c2"+"c4020102c3"+"c4020201c3")
	sorted(t, map[bool]int{true: 1, false: 0}, "82c200c301")
	sorted(t, map[any]any{"x": map[any]int{2: 2, 1: 1}, 1: nil, int8(2): nil}, "83"+"01c0"+"02c0"+"a178"+"8201010202")
	sorted(t, any(map[int]int{3: 3, 2: 2, 1: 1}), "83010102020303")
}

func sorted[T any](t *testing.T, v T, want string) {
	t.Helper()
	s := value[T](t)
	for range 50 {
		b, err := s.Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", b); got != want {
			t.Fatalf("%v: %s, want %s", v, got, want)
		}
	}
}

// TestMapKeysOfEveryWidth: the least value sorts first, whatever its encoding looks like.
func TestMapKeysOfEveryWidth(t *testing.T) {
	t.Parallel()
	sorted(t, map[int8]int{1: 0, -128: 0}, "82d08000"+"0100")
	sorted(t, map[int16]int{1: 0, -129: 0}, "82d1ff7f00"+"0100")
	sorted(t, map[int32]int{1: 0, -2: 0}, "82fe00"+"0100")
	sorted(t, map[int64]int{1: 0, -2: 0}, "82fe00"+"0100")
	sorted(t, map[uint]int{1: 0, 200: 0}, "820100"+"ccc800")
	sorted(t, map[uint16]int{1: 0, 200: 0}, "820100"+"ccc800")
	sorted(t, map[uint32]int{1: 0, 300: 0}, "820100"+"cd012c00")
	sorted(t, map[uint64]int{1: 0, 300: 0}, "820100"+"cd012c00")
	sorted(t, map[float64]int{1: 0, 0.5: 0}, "82cb3fe000000000000000"+"cb3ff000000000000000")
}

func TestOmitEmpty(t *testing.T) {
	t.Parallel()
	type sparse struct {
		At   time.Time      `msgpack:"at,omitempty"`
		List []int          `msgpack:"l,omitempty"`
		Map  map[string]int `msgpack:"m,omitempty"`
		Ptr  *int           `msgpack:"p,omitempty"`
		N    int            `msgpack:"n,omitempty"`
		Arr  [2]int         `msgpack:"a,omitempty"`
	}
	check(t, value[sparse](t), sparse{}, "80")
	check(t, value[sparse](t), sparse{At: time.Unix(1, 0)}, "81a26174d6ff00000001")
	check(t, value[sparse](t), sparse{List: []int{0}, Map: map[string]int{"": 0}, Ptr: new(0), N: 1, Arr: [2]int{0, 1}},
		"85a16c9100a16d81a000a17000a16e01a161920001")
}

// Outer shadows a name of what it embeds, so that is written as a field of its own.
type Outer struct {
	Inner
	ID   string
	Self *Outer
}

// Inner is embedded.
type Inner struct{ ID int }

func TestEmbeddingThatShadows(t *testing.T) {
	t.Parallel()
	check(t, value[Outer](t), Outer{Inner{1}, "a", nil}, "83a5496e6e657281a2494401a24944a161a453656c66c0")
}

func TestArrayEncodedStructOfAnotherLength(t *testing.T) {
	t.Parallel()
	type two struct {
		_msgpack struct{} `msgpack:",as_array"`
		A, B     int
	}
	for _, in := range []string{"\x91\x01", "\x93\x01\x02\x03", "\x90"} {
		if v, err := value[two](t).Decode([]byte(in)); err == nil || !strings.Contains(err.Error(), "fields been added or removed") {
			t.Errorf("%x decodes as %+v, %v", in, v, err)
		}
	}
}

func TestDecodeEvolves(t *testing.T) {
	t.Parallel()
	type old struct {
		A, Gone int
		Name    string
	}
	type renamed struct {
		New   string
		Title string `msgpack:"title,alias:Name"`
		A     int64
	}
	b, err := value[old](t).Append(nil, old{A: 3, Gone: 4, Name: "n"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := value[renamed](t).Decode(b)
	if diff := cmp.Diff(renamed{A: 3, Title: "n"}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
