package testkit

import (
	"github.com/millrace-go/millrace/internal/graph"
)

// changelog is a store's, of one task. Its records lie in chunks that are never copied, and only a crash reads them.
type changelog struct {
	chunks [][]byte
	marks  []mark
}

// mark is where a record lies; -1 as a length is a null.
type mark struct {
	chunk      int32
	from       int32
	key, value int32
	ts         int64
}

const chunkSize = 64 << 10

func (l *changelog) append(e *graph.Effect) {
	size := len(e.Key) + len(e.Value)
	if n := len(l.chunks); n == 0 || cap(l.chunks[n-1])-len(l.chunks[n-1]) < size {
		l.chunks = append(l.chunks, make([]byte, 0, max(chunkSize, size)))
	}
	last := &l.chunks[len(l.chunks)-1]
	l.marks = append(l.marks, mark{int32(len(l.chunks) - 1), int32(len(*last)), length(e.Key), length(e.Value), e.Timestamp})
	*last = append(append(*last, e.Key...), e.Value...)
}

func length(b []byte) int32 {
	if b == nil {
		return -1
	}
	return int32(len(b))
}

// cut forgets the records from the n-th on: they were not committed.
func (l *changelog) cut(n int) {
	if n < len(l.marks) {
		m := l.marks[n]
		l.chunks = l.chunks[:m.chunk+1]
		l.chunks[m.chunk] = l.chunks[m.chunk][:m.from]
		l.marks = l.marks[:n]
	}
}

// from lists the records from the n-th on.
func (l *changelog) from(n int64) []graph.Raw {
	var recs []graph.Raw
	for i, m := range l.marks[min(n, int64(len(l.marks))):] {
		b := l.chunks[m.chunk][m.from:]
		r := graph.Raw{Timestamp: m.ts, Offset: n + int64(i)}
		if m.key >= 0 {
			r.Key = b[:m.key:m.key]
		}
		if m.value >= 0 {
			at := max(0, m.key)
			r.Value = b[at : at+m.value : at+m.value]
		}
		recs = append(recs, r)
	}
	return recs
}
