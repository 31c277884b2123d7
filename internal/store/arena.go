package store

// arena is memory for the rows that one commit encodes, used again by the next. It consists of chunks, so that nothing is copied as
// it grows.
type arena struct {
	chunks [][]byte
	used   int  // chunks before it, and the last of them in part
	full   bool // the last of them, though not to its end
}

const (
	chunkSize  = 64 << 10
	chunksKept = 128 // 8 MiB; what a larger commit has needed is let go
)

// reset makes all of it free.
func (a *arena) reset() {
	if len(a.chunks) > chunksKept {
		clear(a.chunks[chunksKept:])
		a.chunks = a.chunks[:chunksKept]
	}
	a.used, a.full = 0, false
}

// append adds what write appends to the slice that it is given, and returns that part alone.
func (a *arena) append(write func([]byte) ([]byte, error)) ([]byte, error) {
	if a.used == 0 || a.full || cap(a.chunks[a.used-1])-len(a.chunks[a.used-1]) < chunkSize/16 {
		if a.used == len(a.chunks) {
			a.chunks = append(a.chunks, make([]byte, 0, chunkSize))
		}
		a.chunks[a.used] = a.chunks[a.used][:0]
		a.used, a.full = a.used+1, false
	}
	chunk := a.chunks[a.used-1]
	b, err := write(chunk)
	if err != nil {
		return nil, err
	}
	if cap(b) <= chunkSize {
		a.chunks[a.used-1] = b
	} else {
		// The row is longer than what was left, and has memory of its own, with a copy of what lies before it: once a chunk.
		a.full = len(chunk) > 0
	}
	return b[len(chunk):len(b):len(b)], nil
}
