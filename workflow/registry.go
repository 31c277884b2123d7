package workflow

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/task"
	"github.com/millrace-go/millrace/topology"
)

// Registry has what documents name, with its types. It is filled by one goroutine and may be used by many afterwards.
// What is wrong with an entry is an error of every Compile.
type Registry struct {
	topics    map[string]topicEntry
	tasks     map[string]taskEntry
	functions map[string]function
	schemas   map[string]schema
	errs      []error
}

// topicEntry is a topic; its funcs know its types.
type topicEntry struct {
	stream, table flow
	readStream    func(*topology.Builder) any
	readTable     func(*topology.Builder) any
	publish       func(stream any)
}

// taskEntry is a task on streams of one type of key.
type taskEntry struct {
	in, out flow
	run     func(stream any, o task.Options) any
}

type function struct {
	call reflect.Value
	in   []flow
	out  flow
}

// NewRegistry returns a registry that has the stock schemas: string, bytes, boolean, short, integer, long, float and
// double, as the Java clients call what the stock serdes write. Named types count as what they are made of.
func NewRegistry() *Registry {
	return &Registry{
		topics: map[string]topicEntry{}, tasks: map[string]taskEntry{}, functions: map[string]function{}, schemas: stockSchemas(),
	}
}

// Topic registers a topic under its name.
func (r *Registry) Topic[K, V any](t topology.Topic[K, V]) {
	if _, taken := r.topics[t.Name]; taken {
		r.failf("topic %q is registered twice", t.Name)
	}
	r.topics[t.Name] = topicEntry{
		stream:     flowFor[*stream.Stream[K, V]](),
		table:      flowFor[*table.Table[K, V]](),
		readStream: func(b *topology.Builder) any { return stream.From(b, t) },
		readTable:  func(b *topology.Builder) any { return table.From(b, t) },
		publish:    func(s any) { s.(*stream.Stream[K, V]).To(t) },
	}
}

// Task registers a task under its name, for streams whose keys are K: reg.Task[SiteID](ExtractFeatures).
func (r *Registry) Task[K, In, Out any](t task.Task[In, Out]) {
	if _, taken := r.tasks[t.Name]; taken {
		r.failf("task %q is registered twice", t.Name)
	}
	r.tasks[t.Name] = taskEntry{
		in:  flowFor[*stream.Stream[K, In]](),
		out: flowFor[*stream.Stream[K, Out]](),
		run: func(s any, o task.Options) any { return task.External(s.(*stream.Stream[K, In]), t, o) },
	}
}

// Function registers what a stream-operation calls: a func of one or more *stream.Stream and *table.Table that returns one
// of them. It is called once for each node that names it, while the topology is built.
func (r *Registry) Function(name string, f any) {
	if _, taken := r.functions[name]; taken {
		r.failf("function %q is registered twice", name)
	}
	made, err := functionOf(f)
	if err != nil {
		r.failf("function %q is a %T: %w", name, f, err)
	}
	r.functions[name] = made
}

var errFunction = errors.New("give a func of one or more *stream.Stream and *table.Table that returns one of them")

func functionOf(f any) (function, error) {
	made := function{call: reflect.ValueOf(f)}
	if f == nil || made.call.Kind() != reflect.Func || made.call.IsNil() {
		return function{}, errFunction
	}
	t := made.call.Type()
	if t.IsVariadic() || t.NumIn() == 0 || t.NumOut() != 1 {
		return function{}, errFunction
	}
	for p := range t.Ins() {
		in, ok := flowOf(p)
		if !ok {
			return function{}, errFunction
		}
		made.in = append(made.in, in)
	}
	var ok bool
	if made.out, ok = flowOf(t.Out(0)); !ok {
		return function{}, errFunction
	}
	return made, nil
}

// Schema gives T a name for key-schema and value-schema. A stock schema may be given another type.
func (r *Registry) Schema[T any](name string) {
	if s, taken := r.schemas[name]; taken && s.typ != stockSchemas()[name].typ {
		r.failf("schema %q is registered twice", name)
	}
	r.schemas[name] = schema{typ: reflect.TypeFor[T]()}
}

// failf notes an error at the caller of the method that calls it.
func (r *Registry) failf(format string, args ...any) {
	_, file, line, _ := runtime.Caller(2)
	r.errs = append(r.errs, fmt.Errorf("%s:%d: workflow: %w", filepath.Base(file), line, fmt.Errorf(format, args...)))
}

// known lists the names of a registry, for errors.
func known[T any](entries map[string]T) string {
	if len(entries) == 0 {
		return "none is"
	}
	const longest = 12
	names := slices.Sorted(maps.Keys(entries))
	if len(names) > longest {
		names = append(names[:longest], "...")
	}
	return "registered are " + strings.Join(names, ", ")
}
