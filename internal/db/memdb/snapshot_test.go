package memdb

import "testing"

// A commit copies the tree only while somebody walks it.
func TestCopyOnlyForOpenIterators(t *testing.T) {
	t.Parallel()
	d := New().(*DB)
	commit := func() (copied bool) {
		before := d.tree
		b := d.Batch()
		if err := b.Set([]byte("k"), nil); err != nil {
			t.Fatal(err)
		}
		if err := b.Commit(); err != nil {
			t.Fatal(err)
		}
		return d.tree != before
	}
	if commit() {
		t.Error("copied with no iterator")
	}
	old, err := d.Iter(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !commit() {
		t.Error("not copied with an iterator open")
	}
	if commit() {
		t.Error("copied again for an iterator of an older tree")
	}
	it, err := d.Iter(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // closing the old one, or one twice, must not count for the other
		_ = old.Close()
	}
	if !commit() {
		t.Error("not copied with one of two iterators open")
	}
	_ = it.Close()
	if it, err = d.Iter(nil, nil); err != nil {
		t.Fatal(err)
	}
	_ = it.Close()
	if commit() {
		t.Error("copied for a closed iterator")
	}
}
