package testkit

import "github.com/millrace-go/millrace/internal/store"

// VersionAt is the row of a versioned store as it was at a time, in milliseconds; ok is false if there was none, or if that is
// longer ago than the store's history.
func (d *Driver) VersionAt[K, V any](name string, key K, at int64) (row Row[K, V], ok bool) {
	d.t.Helper()
	for _, s := range storesOf[*store.Versioned[K, V]](d, name) {
		v, from, found, err := s.GetAt(key, at)
		d.check(name, err)
		if found {
			return Row[K, V]{key, v, from}, true
		}
	}
	return row, false
}
