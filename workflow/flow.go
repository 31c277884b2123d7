package workflow

import (
	"reflect"
	"regexp"
	"strings"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
)

// flow is the type of what goes from node to node: a *stream.Stream[K, V] or a *table.Table[K, V].
type flow struct {
	typ        reflect.Type
	key, value reflect.Type
}

func flowFor[T any]() flow {
	f, _ := flowOf(reflect.TypeFor[T]())
	return f
}

var (
	streams = reflect.TypeFor[stream.Stream[int, int]]().PkgPath()
	tables  = reflect.TypeFor[table.Table[int, int]]().PkgPath()
)

// flowOf takes a type apart. reflect does not tell type arguments, but both have a method Parts, whose result has the
// serdes of K and V.
func flowOf(t reflect.Type) (flow, bool) {
	if t.Kind() != reflect.Pointer {
		return flow{}, false
	}
	switch name := t.Elem().Name(); {
	case t.Elem().PkgPath() == streams && strings.HasPrefix(name, "Stream["):
	case t.Elem().PkgPath() == tables && strings.HasPrefix(name, "Table["):
	default:
		return flow{}, false
	}
	parts, ok := t.MethodByName("Parts")
	if !ok {
		return flow{}, false
	}
	return flow{t, served(parts.Type.Out(0), "Key"), served(parts.Type.Out(0), "Value")}, true
}

// served is the T of a struct's field that is a serde.Serde[T].
func served(parts reflect.Type, field string) reflect.Type {
	f, _ := parts.FieldByName(field)
	m, _ := f.Type.MethodByName("Append")
	return m.Type.In(1)
}

// path is a package's, before its last name.
var path = regexp.MustCompile(`([\w.~-]+/)+`)

// String is the type as a program writes it: with the last name of each package's path.
func (f flow) String() string { return path.ReplaceAllString(f.typ.String(), "") }

// differ prints two types that are not the same: in full if they read the same otherwise.
func differ(a, b flow) (string, string) {
	if a.String() != b.String() {
		return a.String(), b.String()
	}
	return a.typ.String(), b.typ.String()
}
