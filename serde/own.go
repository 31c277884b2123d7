package serde

import (
	"encoding"
	"reflect"

	"github.com/vmihailenco/msgpack/v5"
)

// own is how a type encodes itself.
type own uint8

const (
	ownNone    own = iota
	ownAppend      // AppendBinary and UnmarshalBinary
	ownBinary      // MarshalBinary and UnmarshalBinary
	ownMsgpack     // EncodeMsgpack and DecodeMsgpack, or MarshalMsgpack and UnmarshalMsgpack
	ownText        // MarshalText and UnmarshalText: only inside MessagePack, where vmihailenco/msgpack heeds them
)

var (
	binaryAppender    = reflect.TypeFor[encoding.BinaryAppender]()
	binaryMarshaler   = reflect.TypeFor[encoding.BinaryMarshaler]()
	binaryUnmarshaler = reflect.TypeFor[encoding.BinaryUnmarshaler]()
	textMarshaler     = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler   = reflect.TypeFor[encoding.TextUnmarshaler]()
	customEncoder     = reflect.TypeFor[msgpack.CustomEncoder]()
	customDecoder     = reflect.TypeFor[msgpack.CustomDecoder]()
	msgpackMarshaler  = reflect.TypeFor[msgpack.Marshaler]()
	msgpackUnmarshal  = reflect.TypeFor[msgpack.Unmarshaler]()
)

// pairs are the two methods of each codec, in the order of precedence that For documents.
var pairs = []struct {
	own              own
	encode, decode   reflect.Type
	encName, decName string
}{
	{ownAppend, binaryAppender, binaryUnmarshaler, "AppendBinary", "UnmarshalBinary"},
	{ownBinary, binaryMarshaler, binaryUnmarshaler, "MarshalBinary", "UnmarshalBinary"},
	{ownMsgpack, customEncoder, customDecoder, "EncodeMsgpack", "DecodeMsgpack"},
	{ownMsgpack, msgpackMarshaler, msgpackUnmarshal, "MarshalMsgpack", "UnmarshalMsgpack"},
}

// ownOf says how a value of type t stands alone as a record's key or value encodes itself. A half codec is an error: the other
// half would be done by another rule, and nothing that was written could be read.
func ownOf(t reflect.Type) (own, error) {
	if t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer {
		return ownNone, nil
	}
	ptr := reflect.PointerTo(t)
	var half error
	for _, p := range pairs {
		enc, dec := ptr.Implements(p.encode), ptr.Implements(p.decode)
		switch {
		case enc && dec:
			return p.own, nil
		case enc && half == nil:
			half = typeError(t, "it has %s but not %s: add that, or remove the first", p.encName, p.decName)
		case dec && half == nil && p.own != ownAppend:
			half = typeError(t, "it has %s but not %s: add that, or remove the first", p.decName, p.encName)
		}
	}
	return ownNone, half
}

// ownInside is ownOf for a value inside MessagePack, where vmihailenco/msgpack's precedence holds.
func ownInside(t reflect.Type) (own, error) {
	if t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer {
		return ownNone, nil
	}
	ptr := reflect.PointerTo(t)
	if ptr.Implements(customEncoder) && ptr.Implements(customDecoder) ||
		ptr.Implements(msgpackMarshaler) && ptr.Implements(msgpackUnmarshal) {
		return ownMsgpack, nil
	}
	if ptr.Implements(binaryMarshaler) && ptr.Implements(binaryUnmarshaler) {
		return ownBinary, nil
	}
	o, err := ownOf(t)
	if o == ownNone && err == nil && ptr.Implements(textMarshaler) && ptr.Implements(textUnmarshaler) {
		return ownText, nil
	}
	return o, err
}

// catch, deferred, turns a panic of a codec that was written elsewhere into an error: bytes from a topic must not end the
// program, nor make it fail at the same record for ever.
func catch(t reflect.Type, err *error) {
	if p := recover(); p != nil {
		*err = typeError(t, "its codec panicked: %v", p)
	}
}
