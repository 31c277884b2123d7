package db_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/dbtest"
	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/db/pebbledb"
)

func openPebble(t *testing.T) db.DB {
	t.Helper()
	d, err := pebbledb.Open(t.TempDir(), pebbledb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSharedSuite(t *testing.T) {
	t.Parallel()
	dbtest.Run(t, func(*testing.T) db.DB { return db.Shared(memdb.New()) })
	dbtest.Run(t, func(t *testing.T) db.DB { return db.Shared(openPebble(t)) })
}

// While one goroutine writes pairs of rows that are equal, others read: whoever walks sees them equal, and no read fails.
func TestSharedReadsBesideWrites(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) db.DB{
		"memory": func(*testing.T) db.DB { return memdb.New() }, "pebble": openPebble,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := db.Shared(open(t))
			set := func(n int) error {
				b := d.Batch()
				defer b.Discard()
				for _, k := range []string{"a", "b"} {
					if err := b.Set([]byte(k), fmt.Append(nil, n)); err != nil {
						return err
					}
				}
				return b.Commit()
			}
			if err := set(0); err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			var readers sync.WaitGroup
			for range 3 {
				readers.Go(func() {
					for {
						if err := equalPair(d); err != nil {
							t.Error(err)
							return
						}
						select {
						case <-done:
							return
						default:
						}
					}
				})
			}
			for n := range 500 {
				if err := set(n); err != nil {
					t.Error(err)
				}
			}
			close(done)
			readers.Wait()
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func equalPair(d db.DB) error {
	if _, ok, err := d.Get([]byte("a")); !ok || err != nil {
		return fmt.Errorf("Get: %v, %w", ok, err)
	}
	it, err := d.Iter(nil, nil)
	if err != nil {
		return err
	}
	defer it.Close()
	var values []string
	for it.Next() {
		values = append(values, string(it.Value()))
	}
	if len(values) != 2 || values[0] != values[1] {
		return fmt.Errorf("the rows are %v, want two that are equal", values)
	}
	return it.Err()
}
