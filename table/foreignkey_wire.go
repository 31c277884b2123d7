package table

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/millrace-go/millrace/serde"
)

// fkDo is what a subscription asks for (KIP-213's four instructions).
type fkDo byte

const (
	fkTell        fkDo = iota // subscribe, and answer, with nothing if there is no row
	fkTellIfThere             // subscribe, and answer if there is a row
	fkDrop                    // unsubscribe
	fkDropAndTell             // unsubscribe, and answer with nothing
)

// fkRow is a row of the left table: the version that asked, the first version with the same foreign key, and that key,
// encoded; nil: none.
type fkRow[V any] struct {
	Version int64
	Since   int64
	FK      []byte
	Value   V
}

// fkAsk is a subscription on its way to the right table.
type fkAsk struct {
	Do        fkDo
	Version   int64
	Partition int32
	PK        []byte
}

// fkSub is a subscription kept there.
type fkSub struct {
	Version   int64
	Partition int32
}

// fkAnswer is the right table's row, encoded, on its way back; nil: none. A row that encodes to nothing reads as none,
// as in Kafka Streams.
type fkAnswer struct {
	Version   int64
	Partition int32
	Row       []byte
}

// fkPrefix starts the keys of the subscriptions to a foreign key; the length keeps one key from being another's prefix.
func fkPrefix(fk []byte) []byte {
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+2*len(fk)), uint32(len(fk))), fk...)
}

var errWire = errors.New("table: damaged record of a foreign-key join: its internal topics and stores are written by this join only")

type fkRowSerde[V any] struct{ value serde.Serde[V] }

func (s fkRowSerde[V]) Append(dst []byte, r fkRow[V]) ([]byte, error) {
	dst = binary.AppendUvarint(dst, uint64(r.Version))
	dst = binary.AppendUvarint(dst, uint64(r.Version-r.Since))
	if r.FK == nil {
		dst = binary.AppendUvarint(dst, 0)
	} else {
		dst = append(binary.AppendUvarint(dst, uint64(len(r.FK))+1), r.FK...)
	}
	return s.value.Append(dst, r.Value)
}

func (s fkRowSerde[V]) Decode(src []byte) (r fkRow[V], err error) {
	var head [3]uint64 // version, how many before it had the same key, length of the key and 1
	for i := range head {
		x, n := binary.Uvarint(src)
		if n <= 0 {
			return r, errWire
		}
		head[i], src = x, src[n:]
	}
	size := head[2]
	if size > uint64(len(src))+1 {
		return r, errWire
	}
	r.Version = int64(head[0])
	r.Since = r.Version - int64(head[1])
	if size > 0 {
		r.FK = append([]byte{}, src[:size-1]...)
		src = src[size-1:]
	}
	if r.Value, err = s.value.Decode(src); err != nil {
		return r, fmt.Errorf("table: row of a foreign-key join: %w", err)
	}
	return r, nil
}

type fkAskSerde struct{}

func (fkAskSerde) Append(dst []byte, a fkAsk) ([]byte, error) {
	dst = append(dst, byte(a.Do))
	dst = binary.AppendUvarint(dst, uint64(a.Version))
	dst = binary.AppendUvarint(dst, uint64(uint32(a.Partition)))
	return append(dst, a.PK...), nil
}

func (fkAskSerde) Decode(src []byte) (a fkAsk, err error) {
	if len(src) == 0 || src[0] > byte(fkDropAndTell) {
		return a, errWire
	}
	a.Do = fkDo(src[0])
	a.Version, a.Partition, src, err = versionAt(src[1:])
	a.PK = append([]byte{}, src...)
	return a, err
}

type fkSubSerde struct{}

func (fkSubSerde) Append(dst []byte, s fkSub) ([]byte, error) {
	dst = binary.AppendUvarint(dst, uint64(s.Version))
	return binary.AppendUvarint(dst, uint64(uint32(s.Partition))), nil
}

func (fkSubSerde) Decode(src []byte) (s fkSub, err error) {
	s.Version, s.Partition, src, err = versionAt(src)
	if err == nil && len(src) > 0 {
		err = errWire
	}
	return s, err
}

type fkAnswerSerde struct{}

func (fkAnswerSerde) Append(dst []byte, a fkAnswer) ([]byte, error) {
	dst = binary.AppendUvarint(dst, uint64(a.Version))
	dst = binary.AppendUvarint(dst, uint64(uint32(a.Partition)))
	return append(dst, a.Row...), nil
}

func (fkAnswerSerde) Decode(src []byte) (a fkAnswer, err error) {
	a.Version, a.Partition, src, err = versionAt(src)
	if err == nil && len(src) > 0 {
		a.Row = append([]byte{}, src...)
	}
	return a, err
}

func versionAt(src []byte) (version int64, partition int32, rest []byte, err error) {
	v, n := binary.Uvarint(src)
	if n <= 0 {
		return 0, 0, nil, errWire
	}
	p, m := binary.Uvarint(src[n:])
	if m <= 0 || p > 1<<31-1 {
		return 0, 0, nil, errWire
	}
	return int64(v), int32(p), src[n+m:], nil
}
