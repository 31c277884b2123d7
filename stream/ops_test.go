package stream_test

import (
	"context"
	"iter"
	"testing"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// op is an operator that gives what it is given, with a callback that tells seen of each value.
type op[V any] struct {
	name string
	draw func(s *stream.Stream[string, V], seen func(V)) *stream.Stream[string, V]
}

// ops are the operators on one stream.
func ops[V any]() []op[V] {
	type S = *stream.Stream[string, V]
	return []op[V]{
		{"Filter", func(s S, seen func(V)) S {
			return s.Filter(func(_ string, v V) bool { seen(v); return true })
		}},
		{"FilterNot", func(s S, seen func(V)) S {
			return s.FilterNot(func(_ string, v V) bool { seen(v); return false })
		}},
		{"MapValues", func(s S, seen func(V)) S {
			return s.MapValues(func(v V) V { seen(v); return v })
		}},
		{"MapValuesWithKey", func(s S, seen func(V)) S {
			return s.MapValuesWithKey(func(_ string, v V) V { seen(v); return v })
		}},
		{"Map", func(s S, seen func(V)) S {
			return s.Map(func(k string, v V) (string, V) { seen(v); return k, v })
		}},
		{"SelectKey", func(s S, seen func(V)) S {
			return s.SelectKey(func(k string, v V) string { seen(v); return k })
		}},
		{"FlatMap", func(s S, seen func(V)) S {
			return s.FlatMap(func(k string, v V) iter.Seq2[string, V] {
				seen(v)
				return func(yield func(string, V) bool) { yield(k, v) }
			})
		}},
		{"FlatMapValues", func(s S, seen func(V)) S {
			return s.FlatMapValues(func(v V) []V { seen(v); return []V{v} })
		}},
		{"FlatMapValuesWithKey", func(s S, seen func(V)) S {
			return s.FlatMapValuesWithKey(func(_ string, v V) []V { seen(v); return []V{v} })
		}},
		{"Peek", func(s S, seen func(V)) S {
			return s.Peek(func(_ string, v V) { seen(v) })
		}},
		{"ForEach", func(s S, seen func(V)) S {
			s.ForEach(func(_ string, v V) { seen(v) })
			return s
		}},
		{"Split, Branch", func(s S, seen func(V)) S {
			return s.Split().Branch(func(_ string, v V) bool { seen(v); return true })
		}},
		{"Split, Default", func(s S, seen func(V)) S {
			by := s.Split()
			by.Branch(func(_ string, v V) bool { seen(v); return false })
			return by.Default()
		}},
		{"ProcessValues", func(s S, seen func(V)) S {
			return s.ProcessValues(func(_ context.Context, r stream.Record[string, V]) (V, error) { seen(r.Value); return r.Value, nil })
		}},
		{"Process", func(s S, seen func(V)) S {
			return s.Process(func(c *stream.Context[string, V]) (func(stream.Record[string, V]) error, error) {
				return func(r stream.Record[string, V]) error { seen(r.Value); return c.Forward(r) }, nil
			})
		}},
		{"Merge", func(s S, seen func(V)) S {
			return s.Merge(s.Filter(func(_ string, v V) bool { seen(v); return false }))
		}},
		{"Repartition", func(s S, _ func(V)) S { return s.Repartition(topology.As("through")) }},
		{"ToTable, Changes", func(s S, _ func(V)) S { return stream.Changes(s.ToTable()) }},
	}
}

// build ends a test whose topology has a mistake.
func build(t *testing.T, b *topology.Builder) *topology.Topology {
	t.Helper()
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return topo
}
