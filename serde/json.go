package serde

import (
	"encoding/json"
	"fmt"
	"reflect"
)

type jsonSerde[T any] struct{}

// JSON returns a serde that writes T as encoding/json does, without escaping <, > and &: for topics that others read. It costs
// several times the stock MessagePack, and does not keep what JSON does not have: NaN fails, and many readers round
// integers above 2^53.
//
// A nil pointer, map or slice is JSON's null, which is not Kafka's: a null record is never encoded at all.
func JSON[T any]() Serde[T] { return jsonSerde[T]{} }

func (jsonSerde[T]) Append(dst []byte, v T) ([]byte, error) {
	w := appender{dst}
	e := json.NewEncoder(&w)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return dst, fmt.Errorf("serde: %s as JSON: %w", reflect.TypeFor[T](), err)
	}
	return w.b[:len(w.b)-1], nil // without Encode's newline
}

func (jsonSerde[T]) Decode(src []byte) (v T, err error) {
	if err := json.Unmarshal(src, &v); err != nil {
		var zero T
		return zero, fmt.Errorf("serde: %s from JSON: %w", reflect.TypeFor[T](), err)
	}
	return v, nil
}

// appender is a writer that appends.
type appender struct{ b []byte }

func (a *appender) Write(b []byte) (int, error) {
	a.b = append(a.b, b...)
	return len(b), nil
}
