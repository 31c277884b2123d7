package state

import "github.com/millrace-go/millrace/internal/store"

// Keys are the keys from From to To, both inclusive, as they are ordered encoded; where one is nil there is no bound. The zero
// value is all keys.
type Keys[K any] struct{ From, To *K }

// Between is the keys from one to another, both inclusive.
func Between[K any](from, to K) Keys[K] { return Keys[K]{&from, &to} }

func (k Keys[K]) query(first, last int64, backward bool) store.Query[K] {
	return store.Query[K]{From: k.From, To: k.To, First: first, Last: last, Backward: backward}
}

func oneKey[K any](k K, first, last int64, backward bool) store.Query[K] {
	return store.Query[K]{Key: &k, First: first, Last: last, Backward: backward}
}
