package serde

import (
	"encoding/json"
	"fmt"
	"reflect"
)

type jsonSerde[T any] struct{}

// JSON returns a serde that writes T as encoding/json does: for topics that others read. It is slower than the stock
// MessagePack and does not keep what JSON does not have (NaN, []byte as such, integers above 2^53 in other readers).
//
// A nil pointer, map or slice is JSON's null, which is not Kafka's: a null record is never encoded at all.
func JSON[T any]() Serde[T] { return jsonSerde[T]{} }

func (jsonSerde[T]) Append(dst []byte, v T) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return dst, fmt.Errorf("serde: %s as JSON: %w", reflect.TypeFor[T](), err)
	}
	return append(dst, b...), nil
}

func (jsonSerde[T]) Decode(src []byte) (v T, err error) {
	if err := json.Unmarshal(src, &v); err != nil {
		var zero T
		return zero, fmt.Errorf("serde: %s from JSON: %w", reflect.TypeFor[T](), err)
	}
	return v, nil
}
