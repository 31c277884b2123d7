package store

import (
	"bytes"
	"errors"
	"testing"
)

// fill appends rows of a size and checks that none was changed by those after it.
func fill(t *testing.T, a *arena, rows, size int) {
	t.Helper()
	a.reset()
	var got [][]byte
	for i := range rows {
		row := bytes.Repeat([]byte{byte(i)}, size)
		b, err := a.append(func(dst []byte) ([]byte, error) { return append(dst, row...), nil })
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b)
	}
	for i, b := range got {
		if !bytes.Equal(b, bytes.Repeat([]byte{byte(i)}, size)) || cap(b) != size {
			t.Fatalf("row %d of %d bytes was changed, or can be appended to", i, size)
		}
	}
}

func TestArena(t *testing.T) {
	t.Parallel()
	var a arena
	for _, size := range []int{1, 700, 5_000, 10_000, 40_000, chunkSize, 3 * chunkSize} {
		fill(t, &a, 300, size)
		// Rows that do not fit must not all be copied with what lies before them: one in each chunk is.
		if least := 300 * size / chunkSize; size < chunkSize && a.used < least/2 {
			t.Errorf("300 rows of %d bytes are in %d chunks", size, a.used)
		}
	}
	a.reset()
	if len(a.chunks) > chunksKept {
		t.Errorf("%d chunks are kept", len(a.chunks))
	}
	wrong := errors.New("wrong")
	if _, err := a.append(func([]byte) ([]byte, error) { return nil, wrong }); !errors.Is(err, wrong) {
		t.Errorf("error %v", err)
	}
	fill(t, &a, 10, 100)
}
