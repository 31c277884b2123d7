package operator

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
)

// RoundTrip makes a stream's node pass values through their serde when the testkit asks for it. A value that a child
// changed after it was forwarded, and a field that the serde loses, are errors then. Nodes whose values have no serde
// are left alone: nothing can be lost where nothing is ever encoded.
func RoundTrip[K, V any](n *graph.Node, vs serde.Serde[V]) {
	if vs == nil {
		var err error
		if vs, err = serde.For[V](); err != nil {
			return
		}
	}
	n.RoundTrip = func(_ *graph.Context, next any) any {
		children := next.(func(*graph.Record[K, V]) error)
		return func(r *graph.Record[K, V]) error {
			if r.Null {
				return children(r)
			}
			before, err := vs.Append(nil, r.Value)
			if err != nil {
				return userError(n, err)
			}
			copied := *r
			copied.Value, err = vs.Decode(bytes.Clone(before))
			if err := same(n, &r.Value, &copied.Value, err); err != nil {
				return err
			}
			if err := children(&copied); err != nil {
				return err
			}
			given, err := vs.Append(nil, copied.Value)
			return unchanged(n, before, given, err)
		}
	}
}

// same says what a value lost on its way to the copy; both are pointers.
func same(n *graph.Node, value, copied any, err error) error {
	if err != nil {
		return userError(n, fmt.Errorf("the serde does not decode what it encoded: %w", err))
	}
	v := reflect.ValueOf(value).Elem()
	if path := lost(v, reflect.ValueOf(copied).Elem(), v.Type().String()); path != "" {
		return userError(n, fmt.Errorf("the serde loses %s: export the field, or write a serde that keeps it", path))
	}
	return nil
}

// unchanged says whether a value's bytes are what they were before it was forwarded.
func unchanged(n *graph.Node, before, given []byte, err error) error {
	if err != nil {
		return userError(n, err)
	}
	if !bytes.Equal(before, given) {
		return userError(n, errors.New("a value was changed after it was forwarded: callbacks but an aggregator's must copy before they change"))
	}
	return nil
}

// lost is the path of the first part of a that is set and is zero in b; "" if there is none.
func lost(a, b reflect.Value, path string) string {
	if !a.IsValid() || !b.IsValid() || empty(a) {
		return ""
	}
	shown := a.Kind() == reflect.Struct && !opaque(a.Type()) // then the field is what to tell
	if empty(b) && !shown {
		return path
	}
	switch a.Kind() {
	case reflect.Pointer, reflect.Interface:
		if a.Kind() == reflect.Interface {
			return "" // a value of another type may come back
		}
		return lost(a.Elem(), b.Elem(), path)
	case reflect.Struct:
		for i := 0; shown && i < a.NumField(); i++ {
			if p := lost(a.Field(i), b.Field(i), path+"."+a.Type().Field(i).Name); p != "" {
				return p
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range min(a.Len(), b.Len()) {
			if p := lost(a.Index(i), b.Index(i), fmt.Sprintf("%s[%d]", path, i)); p != "" {
				return p
			}
		}
	case reflect.Map:
		for it := a.MapRange(); it.Next(); {
			if p := lost(it.Value(), b.MapIndex(it.Key()), fmt.Sprintf("%s[%v]", path, it.Key())); p != "" {
				return p
			}
		}
	default: // a scalar that differs was changed, not lost
	}
	return ""
}

// opaque reports whether a struct shows nothing of its inside, as time.Time does: what differs there (a cached zone, a
// reading of the monotonic clock) need not be a loss, and its serde knows better.
func opaque(t reflect.Type) bool {
	for field := range t.Fields() {
		if field.IsExported() {
			return false
		}
	}
	return t.NumMethod() > 0 || reflect.PointerTo(t).NumMethod() > 0
}

func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Pointer:
		return v.IsNil()
	default:
		return v.IsZero()
	}
}
