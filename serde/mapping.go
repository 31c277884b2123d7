package serde

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"unsafe"

	"github.com/millrace-go/millrace/serde/wire"
)

// pair is one encoded pair of a map: buf[start:mid] is the key, buf[mid:end] the value. It sorts by num, then by buf[sort:mid],
// then by the value (only for keys that encode alike, as two NaNs do).
type pair struct {
	num                   uint64
	start, sort, mid, end int
}

// order says how a key sorts: by the number, and if that is the same by the last n bytes of its encoding: strings in the order of
// their bytes, numbers by value, other keys by their encoding.
type order func(key unsafe.Pointer, encoded int) (num uint64, n int)

func orderOf(k reflect.Kind) order {
	switch k {
	case reflect.String:
		return func(key unsafe.Pointer, _ int) (uint64, int) { return 0, len(*(*string)(key)) }
	case reflect.Int:
		return bySigned[int]
	case reflect.Int64:
		return bySigned[int64]
	case reflect.Int32:
		return bySigned[int32]
	case reflect.Int16:
		return bySigned[int16]
	case reflect.Int8:
		return bySigned[int8]
	case reflect.Uint:
		return byUnsigned[uint]
	case reflect.Uint64:
		return byUnsigned[uint64]
	case reflect.Uint32:
		return byUnsigned[uint32]
	case reflect.Uint16:
		return byUnsigned[uint16]
	case reflect.Uint8:
		return byUnsigned[uint8]
	default:
		return func(_ unsafe.Pointer, encoded int) (uint64, int) { return 0, encoded }
	}
}

func bySigned[I int | int64 | int32 | int16 | int8](key unsafe.Pointer, _ int) (uint64, int) {
	return uint64(int64(*(*I)(key))) ^ 1<<63, 0
}

func byUnsigned[U uint | uint64 | uint32 | uint16 | uint8](key unsafe.Pointer, _ int) (uint64, int) {
	return uint64(*(*U)(key)), 0
}

// mapProgram encodes a map in the order of its keys, so that equal maps are equal bytes; Go's own order is random.
type mapProgram struct {
	t        reflect.Type
	key, val *program
	order    order
	checked  bool      // keys may be of a type that no map takes: they are in an interface
	spare    sync.Pool // of *entry
}

// entry is memory for one key and one value.
type entry struct {
	key, val reflect.Value
	iter     reflect.MapIter
}

func (c *compiler) mapping(p *program, t reflect.Type) error {
	key, err := c.within("[key]", t.Key())
	if err != nil {
		return err
	}
	val, err := c.within("[]", t.Elem())
	if err != nil {
		return err
	}
	m := &mapProgram{t: t, key: key, val: val, order: orderOf(t.Key().Kind()), checked: holdsInterface(t.Key())}
	if o, _ := ownInside(t.Key()); o != ownNone {
		m.order = orderOf(reflect.Invalid) // such a key is encoded by its own rule
	}
	m.spare.New = func() any {
		return &entry{key: reflect.New(t.Key()).Elem(), val: reflect.New(t.Elem()).Elem()}
	}
	p.encode, p.decode = m.encode, m.decode
	return nil
}

// errMapKey is for a key such as an array or a map, in a map whose keys are interfaces.
var errMapKey = fmt.Errorf("%w: a map has a key that Go cannot compare", wire.ErrType)

func holdsInterface(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Array:
		return holdsInterface(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if holdsInterface(t.Field(i).Type) {
				return true
			}
		}
		return false
	default:
		return false
	}
}

func (m *mapProgram) encode(e *encoder, p unsafe.Pointer) {
	v := reflect.NewAt(m.t, p).Elem()
	if v.IsNil() {
		e.buf = wire.AppendNil(e.buf)
		return
	}
	e.buf = wire.AppendMapLen(e.buf, v.Len())
	if v.Len() == 0 || !e.enter() {
		return
	}
	first := len(e.pairs)
	s := m.spare.Get().(*entry)
	key, val := s.key.Addr().UnsafePointer(), s.val.Addr().UnsafePointer()
	for s.iter.Reset(v); e.err == nil && s.iter.Next(); {
		s.key.SetIterKey(&s.iter)
		s.val.SetIterValue(&s.iter)
		start := len(e.buf)
		m.key.encode(e, key)
		mid := len(e.buf)
		num, n := m.order(key, mid-start)
		m.val.encode(e, val)
		e.pairs = append(e.pairs, pair{num: num, start: start, sort: mid - n, mid: mid, end: len(e.buf)})
	}
	m.put(s)
	if e.err == nil {
		e.sortPairs(e.pairs[first:])
	}
	e.pairs = e.pairs[:first]
	e.leave()
}

func (m *mapProgram) put(s *entry) {
	s.iter.Reset(reflect.Value{})
	s.key.SetZero()
	s.val.SetZero()
	m.spare.Put(s)
}

// sortPairs puts the pairs, which are the end of e.buf, in order.
func (e *encoder) sortPairs(pairs []pair) {
	less := func(a, b pair) int {
		if c := cmp.Compare(a.num, b.num); c != 0 {
			return c
		}
		if c := bytes.Compare(e.buf[a.sort:a.mid], e.buf[b.sort:b.mid]); c != 0 {
			return c
		}
		return bytes.Compare(e.buf[a.mid:a.end], e.buf[b.mid:b.end])
	}
	if slices.IsSortedFunc(pairs, less) {
		return
	}
	start := pairs[0].start
	slices.SortFunc(pairs, less)
	e.tmp = append(e.tmp[:0], e.buf[start:]...)
	e.buf = e.buf[:start]
	for _, p := range pairs {
		e.buf = append(e.buf, e.tmp[p.start-start:p.end-start]...)
	}
}

func (m *mapProgram) decode(d *decoder, p unsafe.Pointer) {
	v := reflect.NewAt(m.t, p).Elem()
	if d.TryNil() {
		v.SetZero()
		return
	}
	n := d.ReadMapLen()
	if !d.enter() {
		return
	}
	defer d.leave()
	// A map grows to a few times its entries' size, so a length alone claims little.
	v.Set(reflect.MakeMapWithSize(m.t, min(n, 64)))
	s := m.spare.Get().(*entry)
	key, val := s.key.Addr().UnsafePointer(), s.val.Addr().UnsafePointer()
	for ; n > 0; n-- {
		s.key.SetZero()
		s.val.SetZero()
		m.key.decode(d, key)
		if m.checked && !s.key.Comparable() {
			d.Fail(errMapKey)
		}
		m.val.decode(d, val)
		if d.Err() != nil {
			break
		}
		v.SetMapIndex(s.key, s.val)
	}
	m.put(s)
}
