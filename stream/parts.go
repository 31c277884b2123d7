package stream

import "github.com/millrace-go/millrace/internal/graph"

// Of makes a Stream of its parts; it is for the packages that add operators.
func Of[K, V any](s graph.Stream[K, V]) *Stream[K, V] { return &Stream[K, V]{s} }

// Parts are what a Stream is made of; they are for the packages that add operators.
func (s *Stream[K, V]) Parts() graph.Stream[K, V] { return s.s }
