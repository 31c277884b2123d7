package store

// arena is memory for the rows that one commit encodes, used again by the next. It consists of chunks, so that nothing is copied as
// it grows.
type arena struct {
	chunks [][]byte
	used   int // chunks before it, and the last of them in part
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
	a.used = 0
}

// append adds what write appends to the slice that it is given, and returns that part alone.
func (a *arena) append(write func([]byte) ([]byte, error)) ([]byte, error) {
	if a.used == 0 || cap(a.chunks[a.used-1])-len(a.chunks[a.used-1]) < chunkSize/16 {
		if a.used == len(a.chunks) {
			a.chunks = append(a.chunks, make([]byte, 0, chunkSize))
		}
		a.chunks[a.used] = a.chunks[a.used][:0]
		a.used++
	}
	chunk := a.chunks[a.used-1]
	b, err := write(chunk)
	if err != nil {
		return nil, err
	}
	if cap(b) <= chunkSize { // a row that is longer than what was left has memory of its own
		a.chunks[a.used-1] = b
	}
	return b[len(chunk):len(b):len(b)], nil
}
