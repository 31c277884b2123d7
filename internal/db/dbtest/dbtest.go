// Package dbtest is the suite that every [db.DB] passes, and the benchmarks that compare them.
//
// A package of a DB has one test that calls Run, one benchmark that calls Bench, and its own tests for what is its own:
// what survives a crash, what a full disk does.
package dbtest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/db"
)

// Run tests DBs. open makes an empty one each time; Run closes it.
func Run(t *testing.T, open func(t *testing.T) db.DB) {
	for _, s := range []struct {
		name string
		test func(t *testing.T, d db.DB)
	}{
		{"GetSetDelete", testGetSetDelete},
		{"EmptyKeyAndValue", testEmptyKeyAndValue},
		{"CopiesWhatItIsGiven", testCopies},
		{"ValueSurvivesItsBatch", testValueSurvivesBatch},
		{"LongKeys", testLongKeys},
		{"DeleteRange", testDeleteRange},
		{"BatchOrder", testBatchOrder},
		{"BatchAtomic", testBatchAtomic},
		{"BatchDiscard", testBatchDiscard},
		{"BatchDone", testBatchDone},
		{"TwoBatches", testTwoBatches},
		{"LargeBatch", testLargeBatch},
		{"Iter", testIter},
		{"IterStaysAtItsEnd", testIterEnd},
		{"IterOneDirection", testIterOneDirection},
		{"IterBytesOrder", testIterBytesOrder},
		{"Snapshot", testSnapshot},
		{"ManyIterators", testManyIterators},
		{"Flush", testFlush},
		{"Close", testClose},
		{"CloseWithOpenIterator", testCloseWithOpenIterator},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			s.test(t, d)
			if err := d.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
	t.Run("Model", func(t *testing.T) {
		t.Parallel()
		testModel(t, open)
	})
}

type pair struct{ K, V string }

// write commits one batch of f.
func write(t *testing.T, d db.DB, f func(b db.Batch)) {
	t.Helper()
	b := d.Batch()
	f(b)
	if err := b.Commit(); err != nil {
		t.Fatalf("Commit: %v", err)
	}
}

// put commits keys and values, in turn, as one batch.
func put(t *testing.T, d db.DB, kv ...string) {
	t.Helper()
	write(t, d, func(b db.Batch) {
		for i := 0; i < len(kv); i += 2 {
			noError(t, b.Set([]byte(kv[i]), []byte(kv[i+1])))
		}
	})
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantGet checks one key; want nil means missing.
func wantGet(t *testing.T, d db.DB, key string, want *string) {
	t.Helper()
	v, ok, err := d.Get([]byte(key))
	noError(t, err)
	switch {
	case ok != (want != nil):
		t.Fatalf("Get(%q) found = %v, want %v", key, ok, want != nil)
	case ok && string(v) != *want:
		t.Fatalf("Get(%q) = %q, want %q", key, v, *want)
	}
}

// scan walks from one end to the other and closes.
func scan(t *testing.T, d db.DB, lower, upper []byte, back bool) []pair {
	t.Helper()
	it, err := d.Iter(lower, upper)
	noError(t, err)
	got := walk(it, back)
	noError(t, it.Err())
	noError(t, it.Close())
	return got
}

func walk(it db.Iterator, back bool) []pair {
	move := it.Next
	if back {
		move = it.Prev
	}
	got := []pair{}
	for move() {
		got = append(got, pair{string(it.Key()), string(it.Value())})
	}
	return got
}

// wantAll checks the whole DB, both ways.
func wantAll(t *testing.T, d db.DB, kv ...string) {
	t.Helper()
	up, down := []pair{}, []pair{}
	for i := 0; i < len(kv); i += 2 {
		up = append(up, pair{kv[i], kv[i+1]})
		down = append([]pair{{kv[i], kv[i+1]}}, down...)
	}
	if diff := cmp.Diff(up, scan(t, d, nil, nil, false)); diff != "" {
		t.Fatalf("ascending (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(down, scan(t, d, nil, nil, true)); diff != "" {
		t.Fatalf("descending (-want +got):\n%s", diff)
	}
}
