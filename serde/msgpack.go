package serde

import (
	"bytes"

	"github.com/vmihailenco/msgpack/v5"
)

type msgpackSerde[T any] struct{}

func msgpackOf[T any]() (Serde[T], error) { return msgpackSerde[T]{}, nil }

func (msgpackSerde[T]) Append(dst []byte, v T) ([]byte, error) {
	buf := bytes.NewBuffer(dst)
	e := msgpack.NewEncoder(buf)
	e.UseCompactInts(true)
	e.SetSortMapKeys(true)
	if err := e.Encode(&v); err != nil {
		return dst, err
	}
	return buf.Bytes(), nil
}

func (msgpackSerde[T]) Decode(src []byte) (v T, err error) {
	err = msgpack.Unmarshal(src, &v)
	return v, err
}
