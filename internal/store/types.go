package store

import (
	"reflect"
	"unsafe"
)

// Immutable reports whether nothing of a T can be changed through a copy of it: no pointer, slice, map, func or
// interface in it.
func Immutable[T any]() bool { return immutable(reflect.TypeFor[T]()) }

func immutable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Func, reflect.Interface, reflect.Chan, reflect.UnsafePointer:
		return false
	case reflect.Array:
		return immutable(t.Elem())
	case reflect.Struct:
		for field := range t.Fields() {
			if !immutable(field.Type) {
				return false
			}
		}
		return true
	default:
		return true
	}
}

// Nilable reports whether a T can itself stand for absence: a pointer, an interface or a []byte.
func Nilable[T any]() bool {
	t := reflect.TypeFor[T]()
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface:
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.Uint8
	default:
		return false
	}
}

// IsNil reports whether *v is nil; T must be Nilable. The first word of a pointer, an interface and a slice is zero
// only in the nil one.
func IsNil[T any](v *T) bool { return *(*uintptr)(unsafe.Pointer(v)) == 0 }
