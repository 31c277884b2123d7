package workflow

import (
	"reflect"
	"slices"
)

// schema is a name for a type.
type schema struct {
	typ reflect.Type
	// kinds are of the types whose bytes are the same: those that are made of it.
	kinds []reflect.Kind
}

// stockSchemas are named as Kafka's serializers for the JVM are, which write the same bytes as the stock serdes.
func stockSchemas() map[string]schema {
	return map[string]schema{
		"string":  {reflect.TypeFor[string](), []reflect.Kind{reflect.String}},
		"bytes":   {reflect.TypeFor[[]byte](), nil},
		"boolean": {reflect.TypeFor[bool](), []reflect.Kind{reflect.Bool}},
		"short":   {reflect.TypeFor[int16](), []reflect.Kind{reflect.Int16}},
		"integer": {reflect.TypeFor[int32](), []reflect.Kind{reflect.Int32}},
		"long":    {reflect.TypeFor[int64](), []reflect.Kind{reflect.Int64, reflect.Int}},
		"float":   {reflect.TypeFor[float32](), []reflect.Kind{reflect.Float32}},
		"double":  {reflect.TypeFor[float64](), []reflect.Kind{reflect.Float64}},
	}
}

// fits reports whether t may stand under the schema's name; a pointer may, whose nil is a null.
func (s schema) fits(t reflect.Type) bool {
	return t == s.typ || slices.Contains(s.kinds, t.Kind()) || t.Kind() == reflect.Pointer && t.Name() == "" && s.fits(t.Elem())
}
