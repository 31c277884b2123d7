package memdb

import "unsafe"

// row is a key with its value behind it, in one allocation: a tree of many rows is what the collector has to walk.
type row struct {
	bytes string
	split uint32 // the length of the key
}

func newRow(key, value []byte) row {
	b := make([]byte, len(key)+len(value))
	copy(b[copy(b, key):], value)
	return row{stringOf(b), uint32(len(key))}
}

// keyRow is a row to look for. The caller keeps key unchanged as long as it does.
func keyRow(key []byte) row { return row{stringOf(key), uint32(len(key))} }

func less(a, b row) bool { return a.bytes[:a.split] < b.bytes[:b.split] }

func (r row) key() []byte   { return bytesOf(r.bytes[:r.split]) }
func (r row) value() []byte { return bytesOf(r.bytes[r.split:]) }

// stringOf is b as a string, without a copy. The caller keeps b unchanged for as long as the string lives.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// bytesOf is s as bytes, without a copy, which cannot be appended to without one. They must not be written to.
func bytesOf(s string) []byte {
	if s == "" {
		return []byte{}
	}
	return unsafe.Slice(unsafe.StringData(s), len(s))
}
