package serde

import "reflect"

// Equal says whether a and b are known to write the same bytes: both are the same comparable value. Stock serdes of one T are
// equal, however they were come by, and so are two values of an empty struct type. Serdes that Go cannot compare (they hold
// a func, a map or a slice) are not equal, even to themselves; comparing them does not panic.
func Equal[T any](a, b Serde[T]) bool {
	return equal(a, b)
}

func equal(a, b any) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}
