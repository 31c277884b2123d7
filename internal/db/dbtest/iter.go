package dbtest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/db"
)

func testIter(t *testing.T, d db.DB) {
	var all []pair
	for _, k := range []string{"", "a", "ab", "b", "b\x00", "c", "d", "\xff", "\xff\xff"} {
		all = append(all, pair{k, "v" + k})
		put(t, d, k, "v"+k)
	}
	bounds := []string{"nil", "", "\x00", "a", "a\x00", "ab", "b", "b\x00", "bb", "d", "e", "\xff", "\xff\xff", "\xff\xff\x00"}
	bound := func(s string) []byte {
		if s == "nil" {
			return nil
		}
		return []byte(s)
	}
	for _, flushed := range []bool{false, true} {
		for _, lo := range bounds {
			for _, up := range bounds {
				lower, upper := bound(lo), bound(up)
				want := []pair{}
				for _, p := range all {
					if in(p.K, lower, upper) {
						want = append(want, p)
					}
				}
				if diff := cmp.Diff(want, scan(t, d, lower, upper, false)); diff != "" {
					t.Errorf("Next over [%q, %q), flushed %v (-want +got):\n%s", lo, up, flushed, diff)
				}
				slices.Reverse(want)
				if diff := cmp.Diff(want, scan(t, d, lower, upper, true)); diff != "" {
					t.Errorf("Prev over [%q, %q), flushed %v (-want +got):\n%s", lo, up, flushed, diff)
				}
			}
		}
		noError(t, d.Flush())
	}
}

func testIterEnd(t *testing.T, d db.DB) {
	put(t, d, "a", "1", "b", "2", "c", "3")
	for _, back := range []bool{false, true} {
		it, err := d.Iter([]byte("b"), []byte("c"))
		noError(t, err)
		move := it.Next
		if back {
			move = it.Prev
		}
		if it.Key() != nil || it.Value() != nil {
			t.Errorf("before the walk at %q, want no key", it.Key())
		}
		if !move() || string(it.Key()) != "b" || string(it.Value()) != "2" {
			t.Errorf("back %v: at %q = %q, want b", back, it.Key(), it.Value())
		}
		for range 3 {
			if move() {
				t.Errorf("back %v: at %q after the end", back, it.Key())
			}
			if it.Key() != nil || it.Value() != nil || it.Err() != nil {
				t.Errorf("after the walk at %q, error %v, want neither", it.Key(), it.Err())
			}
		}
		noError(t, it.Close())
		noError(t, it.Close())
		if it.Next() || it.Prev() || it.Key() != nil {
			t.Error("a closed iterator moved")
		}
	}
}

func testIterOneDirection(t *testing.T, d db.DB) {
	put(t, d, "a", "1", "b", "2", "c", "3")
	for _, back := range []bool{false, true} {
		it, err := d.Iter(nil, nil)
		noError(t, err)
		one, other := it.Next, it.Prev
		if back {
			one, other = other, one
		}
		if !one() || other() {
			t.Errorf("back %v: it turned, at %q", back, it.Key())
		}
		if !errors.Is(it.Err(), db.ErrIterDirection) || it.Key() != nil || one() {
			t.Errorf("back %v: error %v, want ErrIterDirection and the end", back, it.Err())
		}
		noError(t, it.Close())
	}
}

// Keys are ordered as unsigned bytes, a prefix before what it is a prefix of, whatever their lengths.
func testIterBytesOrder(t *testing.T, d db.DB) {
	var keys []string
	for i := range 256 {
		keys = append(keys, string([]byte{byte(i)}), string([]byte{byte(i), 0}), string([]byte{byte(i), 0xff, byte(i)}))
	}
	slices.Reverse(keys)
	for _, k := range keys {
		put(t, d, k, k)
	}
	slices.Sort(keys)
	for range 2 {
		var got []string
		for _, p := range scan(t, d, nil, nil, false) {
			got = append(got, p.K)
		}
		if diff := cmp.Diff(keys, got); diff != "" {
			t.Fatalf("order (-want +got):\n%s", diff)
		}
		noError(t, d.Flush())
	}
}

// An iterator sees the DB as it was when made, not when first moved.
func testSnapshot(t *testing.T, d db.DB) {
	put(t, d, "a", "1", "b", "2", "c", "3")
	want := []pair{{"a", "1"}, {"b", "2"}, {"c", "3"}}
	early, err := d.Iter(nil, nil)
	noError(t, err)
	half, err := d.Iter(nil, nil)
	noError(t, err)
	if !half.Next() {
		t.Fatal("Next = false")
	}
	write(t, d, func(b db.Batch) {
		noError(t, b.Set([]byte("a"), []byte("changed")))
		noError(t, b.Set([]byte("bb"), []byte("new")))
		noError(t, b.Delete([]byte("c")))
	})
	late, err := d.Iter(nil, nil)
	noError(t, err)
	noError(t, d.Flush())
	write(t, d, func(b db.Batch) { noError(t, b.DeleteRange(nil, []byte("z"))) })
	noError(t, d.Flush())
	put(t, d, "z", "last")

	if k, v := string(half.Key()), string(half.Value()); k != "a" || v != "1" {
		t.Errorf("iterator moved by a commit to %q = %q", k, v)
	}
	if diff := cmp.Diff(want[1:], walk(half, false)); diff != "" {
		t.Errorf("iterator at its first key (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, walk(early, false)); diff != "" {
		t.Errorf("iterator not yet moved (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]pair{{"bb", "new"}, {"b", "2"}, {"a", "changed"}}, walk(late, true)); diff != "" {
		t.Errorf("iterator made between the commits (-want +got):\n%s", diff)
	}
	for _, it := range []db.Iterator{early, half, late} {
		noError(t, it.Err())
		noError(t, it.Close())
	}
	wantAll(t, d, "z", "last")
}

// Iterators may be reused inside, so many are open at a time, closed out of order, and made again after a commit.
func testManyIterators(t *testing.T, d db.DB) {
	for round := range 5 {
		put(t, d, fmt.Sprint(round), "v")
		var its []db.Iterator
		for i := range 10 {
			it, err := d.Iter([]byte(fmt.Sprint(i%3)), nil)
			noError(t, err)
			its = append(its, it)
		}
		for i, it := range its {
			want := max(0, round+1-i%3)
			if got := len(walk(it, i%2 == 1)); got != want {
				t.Errorf("round %d, iterator %d: %d keys, want %d", round, i, got, want)
			}
			if i%2 == 0 {
				noError(t, it.Close())
			}
		}
		again, err := d.Iter(nil, []byte("1"))
		noError(t, err)
		for _, it := range its {
			noError(t, it.Close()) // for half of them the second time, which must not touch the one just made
		}
		if diff := cmp.Diff([]pair{{"0", "v"}}, walk(again, true)); diff != "" {
			t.Errorf("round %d (-want +got):\n%s", round, diff)
		}
		noError(t, again.Close())
	}
}
