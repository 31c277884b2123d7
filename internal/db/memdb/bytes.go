package memdb

import "unsafe"

// The tree is keyed by string, which compares faster than []byte through a function; the two functions below save a copy
// per lookup and per key handed out.

// stringOf is b as a string, without a copy. The caller keeps b unchanged for as long as the string lives.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// bytesOf is s as bytes, without a copy. They must not be written to.
func bytesOf(s string) []byte {
	if s == "" {
		return []byte{}
	}
	return unsafe.Slice(unsafe.StringData(s), len(s))
}
