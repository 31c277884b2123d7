package store

import (
	"encoding/binary"
	"iter"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
)

// Duplicates is a window store that keeps every row that was put, several of one key and start in the order in which they came.
type Duplicates[K, V any] struct {
	rows
	cells[V]
	*lifetime
	key serde.Serde[K]
	seq int64
}

// NewDuplicates makes a task's part of s.
func NewDuplicates[K, V any](c *graph.Context, s *graph.Store, d db.DB, prefix []byte, k serde.Serde[K], v serde.Serde[V]) *Duplicates[K, V] {
	l := newLifetime(c, s)
	vs := newCells(c, s, d, prefix, v)
	segment(vs.over, l)
	t := &Duplicates[K, V]{rows: rows{vs.over}, cells: vs, lifetime: l, key: k}
	c.Var("store/"+s.Name+"/seq", &t.seq)
	return t
}

// InMemory reports whether the store is one in memory.
func (s *Duplicates[K, V]) InMemory() bool { return s.strict }

// Add puts one more row; Admit must have run.
func (s *Duplicates[K, V]) Add(k K, start int64, v V, ts int64) error {
	kb, err := s.key.Append(binary.BigEndian.AppendUint64(s.core.start(), uint64(start/s.interval)), k)
	s.seq++
	e, err := s.core.find(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(kb, uint64(start)), uint64(s.seq)), err)
	if err != nil {
		return err
	}
	return s.SetShared(typed[V](e), v, ts)
}

// FetchDuplicates is [FetchWindows]; rows of one key and start come in the order in which they were put.
func FetchDuplicates[K, V any](s *Duplicates[K, V], q Query[K]) iter.Seq2[WindowRow[K, V], error] {
	return fetched(&s.cells, s.lifetime, s.key, 8, q)
}
