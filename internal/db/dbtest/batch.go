package dbtest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-go/millrace/internal/db"
)

func testDeleteRange(t *testing.T, d db.DB) {
	for _, c := range []struct {
		lower, upper []byte
		want         string // the keys that stay, of abcde
	}{
		{[]byte("b"), []byte("d"), "ade"},
		{[]byte("b"), []byte("b"), "abcde"},
		{[]byte("d"), []byte("b"), "abcde"},
		{[]byte("b"), []byte{}, "abcde"},
		{nil, []byte("c"), "cde"},
		{[]byte{}, []byte("a\x00"), "bcde"},
		{[]byte("aa"), []byte("dd"), "ae"},
		{[]byte("e"), []byte("zz"), "abcd"},
		{[]byte("x"), []byte("zz"), "abcde"},
		{nil, []byte("zz"), ""},
		{[]byte("c"), nil, "ab"},
		{[]byte("\xff"), nil, "abcde"},
		{nil, nil, ""},
	} {
		for _, flush := range []bool{false, true} {
			write(t, d, func(b db.Batch) {
				for _, k := range "abcde" {
					noError(t, b.Set([]byte(string(k)), []byte("v")))
				}
			})
			if flush {
				noError(t, d.Flush())
			}
			write(t, d, func(b db.Batch) { noError(t, b.DeleteRange(c.lower, c.upper)) })
			var left strings.Builder
			for _, p := range scan(t, d, nil, nil, false) {
				left.WriteString(p.K)
			}
			if got := left.String(); got != c.want {
				t.Errorf("DeleteRange(%q, %q), flushed before %v, leaves %q, want %q", c.lower, c.upper, flush, got, c.want)
			}
			for _, k := range "abcde" {
				_, ok, err := d.Get([]byte(string(k)))
				noError(t, err)
				stays := false
				for _, w := range c.want {
					stays = stays || w == k
				}
				if ok != stays {
					t.Errorf("after DeleteRange(%q, %q) Get(%q) found = %v, want %v", c.lower, c.upper, k, ok, stays)
				}
			}
		}
	}
}

// Later writes of a batch win over earlier ones, and a deletion of a range touches only what was there before it.
func testBatchOrder(t *testing.T, d db.DB) {
	put(t, d, "k1", "old", "k2", "old", "k3", "old")
	write(t, d, func(b db.Batch) {
		noError(t, b.Set([]byte("k2"), []byte("lost")))
		noError(t, b.Set([]byte("k4"), []byte("lost")))
		noError(t, b.DeleteRange([]byte("k2"), []byte("k9")))
		noError(t, b.Set([]byte("k3"), []byte("new")))
		noError(t, b.Set([]byte("k5"), []byte("first")))
		noError(t, b.Set([]byte("k5"), []byte("second")))
		noError(t, b.Set([]byte("k6"), []byte("lost")))
		noError(t, b.Delete([]byte("k6")))
		noError(t, b.Delete([]byte("k7")))
		noError(t, b.Set([]byte("k7"), []byte("new")))
	})
	for range 2 {
		wantAll(t, d, "k1", "old", "k3", "new", "k5", "second", "k7", "new")
		wantGet(t, d, "k2", nil)
		wantGet(t, d, "k4", nil)
		wantGet(t, d, "k3", new("new"))
		wantGet(t, d, "k6", nil)
		noError(t, d.Flush())
	}
}

// Nothing of a batch is seen before its Commit.
func testBatchAtomic(t *testing.T, d db.DB) {
	put(t, d, "a", "1", "b", "2")
	b := d.Batch()
	noError(t, b.Set([]byte("c"), []byte("3")))
	noError(t, b.Delete([]byte("a")))
	noError(t, b.DeleteRange([]byte("b"), []byte("bb")))
	wantAll(t, d, "a", "1", "b", "2")
	noError(t, b.Commit())
	wantAll(t, d, "c", "3")
}

func testBatchDiscard(t *testing.T, d db.DB) {
	put(t, d, "a", "1")
	b := d.Batch()
	noError(t, b.Set([]byte("b"), []byte("2")))
	noError(t, b.DeleteRange([]byte("a"), []byte("b")))
	b.Discard()
	wantAll(t, d, "a", "1")
	// What was discarded does not turn up in the batch that reuses its memory.
	put(t, d, "c", "3")
	wantAll(t, d, "a", "1", "c", "3")
	noError(t, d.Batch().Commit())
	wantAll(t, d, "a", "1", "c", "3")
}

func testBatchDone(t *testing.T, d db.DB) {
	finish := map[string]func(b db.Batch){
		"Commit":  func(b db.Batch) { noError(t, b.Commit()) },
		"Discard": func(b db.Batch) { b.Discard() },
	}
	for name, end := range finish {
		b := d.Batch()
		noError(t, b.Set([]byte(name), nil))
		end(b)
		next := d.Batch() // may reuse the memory of b
		noError(t, next.Set([]byte("next"), nil))
		for what, err := range map[string]error{
			"Set": b.Set([]byte("stray"), nil), "Delete": b.Delete([]byte("next")),
			"DeleteRange": b.DeleteRange([]byte("a"), []byte("z")), "Commit": b.Commit(),
		} {
			if !errors.Is(err, db.ErrBatchDone) {
				t.Errorf("%s after %s: %v, want ErrBatchDone", what, name, err)
			}
		}
		b.Discard()
		noError(t, next.Commit())
	}
	wantAll(t, d, "Commit", "", "next", "")
}

// Two batches may be filled at a time; they apply in the order of their commits.
func testTwoBatches(t *testing.T, d db.DB) {
	one, two := d.Batch(), d.Batch()
	noError(t, one.Set([]byte("k"), []byte("one")))
	noError(t, two.Set([]byte("k"), []byte("two")))
	noError(t, one.Set([]byte("l"), []byte("one")))
	noError(t, two.Commit())
	wantAll(t, d, "k", "two")
	noError(t, one.Commit())
	wantAll(t, d, "k", "one", "l", "one")
}

// A batch of 6 MB is larger than a memtable.
func testLargeBatch(t *testing.T, d db.DB) {
	const rows = 6000
	key := func(i int) []byte { return fmt.Appendf(nil, "row-%05d", i) }
	value := func(i int) []byte { return append(make([]byte, 1000), fmt.Sprint(i)...) }
	put(t, d, "row-00000", "before", "row-1", "before")
	write(t, d, func(b db.Batch) {
		noError(t, b.DeleteRange([]byte("row"), []byte("row-2")))
		for i := range rows {
			noError(t, b.Set(key(i), value(i)))
		}
		noError(t, b.DeleteRange(key(10), key(20)))
	})
	put(t, d, string(key(5)), "after")
	for range 2 {
		got := scan(t, d, nil, nil, false)
		if len(got) != rows-10 {
			t.Fatalf("%d rows, want %d", len(got), rows-10)
		}
		if got[0].V != string(value(0)) || got[5].V != "after" || got[10].K != string(key(20)) {
			t.Fatalf("rows 0, 5 and 10: %q, %q, %q", got[0].V, got[5].V, got[10].K)
		}
		wantGet(t, d, string(key(rows-1)), new(string(value(rows-1))))
		wantGet(t, d, string(key(15)), nil)
		wantGet(t, d, "row-1", nil)
		noError(t, d.Flush())
	}
}
