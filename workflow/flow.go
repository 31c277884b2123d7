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

// flowOf takes a type apart. reflect does not tell type arguments, but Filter is a method of both, and its predicate
// takes a K and a V.
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
	filter, ok := t.MethodByName("Filter")
	if !ok {
		return flow{}, false
	}
	predicate := filter.Type.In(1)
	return flow{t, predicate.In(0), predicate.In(1)}, true
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
