package dbtest

import (
	"errors"
	"strings"
	"testing"

	"github.com/millrace-go/millrace/internal/db"
)

func testGetSetDelete(t *testing.T, d db.DB) {
	wantGet(t, d, "a", nil)
	wantAll(t, d)
	put(t, d, "b", "2", "a", "1", "c", "3")
	wantGet(t, d, "a", new("1"))
	wantGet(t, d, "b", new("2"))
	wantGet(t, d, "bb", nil)
	wantAll(t, d, "a", "1", "b", "2", "c", "3")
	put(t, d, "b", "two")
	wantAll(t, d, "a", "1", "b", "two", "c", "3")
	write(t, d, func(b db.Batch) {
		noError(t, b.Delete([]byte("b")))
		noError(t, b.Delete([]byte("missing")))
	})
	wantGet(t, d, "b", nil)
	wantAll(t, d, "a", "1", "c", "3")
	put(t, d, "b", "again")
	wantAll(t, d, "a", "1", "b", "again", "c", "3")
}

func testEmptyKeyAndValue(t *testing.T, d db.DB) {
	wantGet(t, d, "", nil)
	put(t, d, "", "of the empty key", "k", "")
	wantGet(t, d, "", new("of the empty key"))
	wantGet(t, d, "k", new(""))
	wantAll(t, d, "", "of the empty key", "k", "")
	noError(t, d.Flush())
	wantAll(t, d, "", "of the empty key", "k", "")
	// nil is empty, for a key and for a value.
	write(t, d, func(b db.Batch) { noError(t, b.Set(nil, nil)) })
	v, ok, err := d.Get(nil)
	if err != nil || !ok || len(v) != 0 {
		t.Fatalf("Get(nil) = %q, %v, %v, want an empty value", v, ok, err)
	}
	write(t, d, func(b db.Batch) { noError(t, b.Delete(nil)) })
	wantAll(t, d, "k", "")
	write(t, d, func(b db.Batch) { noError(t, b.DeleteRange(nil, []byte{0xff})) })
	wantAll(t, d)
}

// A key longer than a block, and longer than 16 bits count, next to its own prefixes.
func testLongKeys(t *testing.T, d db.DB) {
	long := strings.Repeat("k", 70_000)
	kv := []string{"", "0", long[:1], "1", long[:5_000], "2", long[:65_535], "3", long[:65_536], "4", long, "5", long + "!", "6"}
	put(t, d, kv...)
	for range 2 {
		wantAll(t, d, kv...)
		wantGet(t, d, long, new("5"))
		wantGet(t, d, long[:69_999], nil)
		noError(t, d.Flush())
	}
}

// Bytes that the caller passed in may be overwritten as soon as the call returns.
func testCopies(t *testing.T, d db.DB) {
	key, value := []byte("key-1"), []byte("value-1")
	lower, upper := []byte("x1"), []byte("x9")
	put(t, d, "x0", "", "x5", "", "x9", "")
	b := d.Batch()
	noError(t, b.Set(key, value))
	copy(key, "KEY-2")
	copy(value, "VALUE-2")
	noError(t, b.Set(key, value))
	noError(t, b.DeleteRange(lower, upper))
	copy(lower, "a1")
	copy(upper, "a9")
	copy(key, "xxxxx")
	copy(value, "yyyyyyy")
	noError(t, b.Commit())
	wantAll(t, d, "KEY-2", "VALUE-2", "key-1", "value-1", "x0", "", "x9", "")

	copy(lower, "k0")
	copy(upper, "kz")
	it, err := d.Iter(lower, upper)
	noError(t, err)
	copy(lower, "zz")
	copy(upper, "zz")
	if got := walk(it, false); len(got) != 1 || got[0] != (pair{"key-1", "value-1"}) {
		t.Fatalf("walk after its bounds were overwritten = %v, want key-1", got)
	}
	noError(t, it.Close())
}

// A value stays valid while a batch is filled with it: that is how a row is moved.
func testValueSurvivesBatch(t *testing.T, d db.DB) {
	put(t, d, "from", "value")
	v, ok, err := d.Get([]byte("from"))
	if err != nil || !ok {
		t.Fatalf("Get = %v, %v", ok, err)
	}
	write(t, d, func(b db.Batch) {
		noError(t, b.Delete([]byte("from")))
		noError(t, b.Set([]byte("to"), v))
	})
	wantAll(t, d, "to", "value")
}

func testFlush(t *testing.T, d db.DB) {
	noError(t, d.Flush())
	put(t, d, "a", "1", "b", "2")
	noError(t, d.Flush())
	wantAll(t, d, "a", "1", "b", "2")
	write(t, d, func(b db.Batch) { noError(t, b.DeleteRange([]byte("a"), []byte("b"))) })
	noError(t, d.Flush())
	put(t, d, "aa", "3")
	noError(t, d.Flush())
	noError(t, d.Flush())
	wantAll(t, d, "aa", "3", "b", "2")
	wantGet(t, d, "a", nil)
}

func testClose(t *testing.T, d db.DB) {
	put(t, d, "a", "1")
	before, dropped := d.Batch(), d.Batch()
	noError(t, before.Set([]byte("b"), nil))
	if _, ok, err := d.Get([]byte("a")); err != nil || !ok {
		t.Fatalf("Get = %v, %v", ok, err)
	}
	noError(t, d.Close())
	noError(t, d.Close())
	_, _, getErr := d.Get([]byte("a"))
	_, iterErr := d.Iter(nil, nil)
	b := d.Batch()
	for what, err := range map[string]error{
		"Get": getErr, "Iter": iterErr, "Flush": d.Flush(),
		"Set": b.Set([]byte("c"), nil), "Delete": b.Delete([]byte("c")),
		"DeleteRange": b.DeleteRange([]byte("c"), []byte("d")), "Commit": b.Commit(),
		"Commit of an older batch": before.Commit(), "Commit of an empty one": d.Batch().Commit(),
	} {
		if !errors.Is(err, db.ErrClosed) {
			t.Errorf("%s after Close: %v, want ErrClosed", what, err)
		}
	}
	dropped.Discard()
}

func testCloseWithOpenIterator(t *testing.T, d db.DB) {
	put(t, d, "a", "1", "b", "2")
	fresh, err := d.Iter(nil, nil)
	noError(t, err)
	moved, err := d.Iter(nil, nil)
	noError(t, err)
	if !moved.Next() {
		t.Fatal("Next = false")
	}
	if err := d.Close(); err != nil {
		t.Fatalf("Close with iterators open: %v", err)
	}
	for name, it := range map[string]db.Iterator{"fresh": fresh, "moved": moved} {
		if it.Next() || !errors.Is(it.Err(), db.ErrClosed) {
			t.Errorf("%s iterator after Close: Err = %v, want ErrClosed", name, it.Err())
		}
		if it.Key() != nil || it.Value() != nil {
			t.Errorf("%s iterator after Close: at %q", name, it.Key())
		}
		noError(t, it.Close())
	}
}
