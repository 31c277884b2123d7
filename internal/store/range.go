package store

import "iter"

// Row is a row of a range.
type Row[K, V any] struct {
	Key       K
	Value     V
	Timestamp int64
}

// All yields every row in key order. An error ends it, as the last pair. (It and the others are no methods, so that they
// are compiled only for the stores that are read so.)
func All[K, V any](s *KeyValue[K, V]) iter.Seq2[Row[K, V], error] {
	return between(s, s.core.prefix, nil, false)
}

// Range yields the rows with from <= key < to, compared as encoded, ascending or descending.
func Range[K, V any](s *KeyValue[K, V], from, to K, backward bool) iter.Seq2[Row[K, V], error] {
	lo, err := s.key.Append(append([]byte(nil), s.core.prefix...), from)
	if err != nil {
		return failed[K, V](s.core.badKey(err))
	}
	hi, err := s.key.Append(append([]byte(nil), s.core.prefix...), to)
	if err != nil {
		return failed[K, V](s.core.badKey(err))
	}
	return between(s, lo, hi, backward)
}

// Prefix yields the rows whose encoded key starts with p.
func Prefix[K, V any](s *KeyValue[K, V], p []byte) iter.Seq2[Row[K, V], error] {
	lo := append(append([]byte(nil), s.core.prefix...), p...)
	return between(s, lo, after(lo), false)
}

// between yields the rows with lo <= key < hi. (Inlined, its closures would be compiled at each call.)
//
//go:noinline
func between[K, V any](s *KeyValue[K, V], lo, hi []byte, backward bool) iter.Seq2[Row[K, V], error] {
	return func(yield func(Row[K, V], error) bool) {
		err := s.core.scan(lo, hi, backward, func(e *entry) (bool, error) {
			v, err := s.Value(typed[V](e))
			if err != nil {
				return false, err
			}
			k, err := s.KeyOf(typed[V](e))
			if err != nil {
				return false, err
			}
			return yield(Row[K, V]{k, v, e.ts}, nil), nil
		})
		if err != nil {
			yield(Row[K, V]{}, err)
		}
	}
}

func failed[K, V any](err error) iter.Seq2[Row[K, V], error] {
	return func(yield func(Row[K, V], error) bool) { yield(Row[K, V]{}, err) }
}
