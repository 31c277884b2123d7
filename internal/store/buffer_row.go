package store

import (
	"encoding/binary"
	"errors"

	"github.com/millrace-go/millrace/internal/graph"
)

// heldSerde encodes a change that is held back. Its time comes first and has 8 bytes, so that restoring need not read the rest.
type heldSerde struct{}

const (
	heldNew = 1 << iota
	heldPrior
)

func (heldSerde) Append(dst []byte, h Held) ([]byte, error) {
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.At))
	var has byte
	if h.New != nil {
		has |= heldNew
	}
	if h.Prior != nil {
		has |= heldPrior
	}
	dst = append(dst, has)
	dst = appendText(dst, h.Topic)
	dst = binary.AppendVarint(dst, int64(h.Partition))
	dst = binary.AppendVarint(dst, h.Offset)
	dst = binary.AppendVarint(dst, h.OldSize)
	dst = binary.AppendUvarint(dst, uint64(len(h.Headers)))
	for _, x := range h.Headers {
		dst = appendText(dst, x.Key)
		if x.Value == nil {
			dst = append(dst, 0)
			continue
		}
		dst = binary.AppendUvarint(dst, uint64(len(x.Value))+1)
		dst = append(dst, x.Value...)
	}
	if h.Prior != nil {
		dst = appendText(dst, h.Prior)
	}
	return append(dst, h.New...), nil
}

func appendText[T string | []byte](dst []byte, s T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

var errHeld = errors.New("damaged row of a change that is held back")

func (heldSerde) Decode(src []byte) (Held, error) {
	var h Held
	at, ok := heldTime(src)
	if !ok || len(src) < 9 || src[8]&^(heldNew|heldPrior) != 0 {
		return h, errHeld
	}
	h.At = at
	r := reader{src: src[9:]}
	h.Topic = string(r.take(r.uvarint()))
	partition := r.varint()
	h.Partition = int32(partition)
	h.Offset, h.OldSize = r.varint(), r.varint()
	n := r.uvarint()
	if n > uint64(len(r.src)) || int64(h.Partition) != partition {
		return Held{}, errHeld
	}
	for range n {
		x := graph.Header{Key: string(r.take(r.uvarint()))}
		if size := r.uvarint(); size > 0 {
			x.Value = append([]byte{}, r.take(size-1)...)
		}
		h.Headers = append(h.Headers, x)
	}
	if src[8]&heldPrior != 0 {
		h.Prior = append([]byte{}, r.take(r.uvarint())...)
	}
	if src[8]&heldNew != 0 {
		h.New = append([]byte{}, r.src...)
		r.src = nil
	}
	if r.short || len(r.src) > 0 {
		return Held{}, errHeld
	}
	return h, nil
}

// heldTime is the place in time of an encoded change.
func heldTime(src []byte) (int64, bool) {
	if len(src) < 8 {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(src)), true
}

// reader takes apart what it has; short says that it had too little.
type reader struct {
	src   []byte
	short bool
}

func (r *reader) uvarint() uint64 {
	x, n := binary.Uvarint(r.src)
	return advance(r, x, n)
}

func (r *reader) varint() int64 {
	x, n := binary.Varint(r.src)
	return advance(r, x, n)
}

func advance[T uint64 | int64](r *reader, x T, n int) T {
	if n <= 0 {
		r.src, r.short = nil, true
		return 0
	}
	r.src = r.src[n:]
	return x
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.src)) {
		r.src, r.short = nil, true
		return nil
	}
	b := r.src[:n]
	r.src = r.src[n:]
	return b
}
