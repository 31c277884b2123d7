package operator

import (
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
)

// Privately copies a value that the store will own but others hold: a reducer may change it.
func Privately[V any](vs serde.Serde[V]) func(V) V {
	if store.Immutable[V]() {
		return func(v V) V { return v }
	}
	return func(v V) V {
		b, err := vs.Append(nil, v)
		if err != nil {
			return v // the store reports it when it encodes the row
		}
		c, err := vs.Decode(b)
		if err != nil {
			return v
		}
		return c
	}
}
