package serde

import (
	"fmt"
	"reflect"
)

// For returns the stock serde of values of type T. The first line that fits decides:
//
//   - T has a codec of its own, methods of T or *T: AppendBinary (encoding.BinaryAppender) or else MarshalBinary, with
//     UnmarshalBinary: exactly those bytes. EncodeMsgpack with DecodeMsgpack (vmihailenco/msgpack), or MarshalMsgpack with
//     UnmarshalMsgpack: that one MessagePack value. The methods must not keep their receiver.
//   - string: its bytes, UTF-8 by custom, not checked. []byte: itself, copied when decoded.
//   - int, int64, uint, uint64: 8 bytes, big-endian, negative ones in two's complement; int32, uint32: 4; int16, uint16: 2;
//     int8, uint8: 1; float64: 8 and float32: 4, IEEE 754 big-endian: as Kafka's serializers for the JVM write them. bool: 1 byte, 0 or 1.
//   - *U: as U. Nil stands for a null and is not encoded: Append of nil is an error.
//   - any other type: MessagePack, see [MsgPack].
//
// Inside a MessagePack value a type with a codec of its own is written as vmihailenco/msgpack would: EncodeMsgpack before MarshalMsgpack
// before MarshalBinary before AppendBinary before MarshalText, the last three as binary; time.Time as MessagePack's timestamp.
//
// Named types count as what they are made of, so `type SiteID string` is a string. Stock serdes of one T are equal ([Equal]).
//
// For returns an error, which names the type and says what to do, if T would lose everything (a struct none of whose fields
// is exported), or cannot be written (channels, funcs, complex numbers, interfaces with methods).
func For[T any]() (Serde[T], error) { return stock[T](roleValue) }

// ForKey returns the stock serde of keys of type T. It differs from [For] where bytes must be canonical, because equal keys must
// be equal bytes (they decide the partition, and are what stores and compacted topics look up):
//
//   - A type whose zero value has a method KeySerde() ([Serde][T], error) (see [StockKey]) chooses for itself.
//   - A struct without a codec of its own becomes its fields in the order of their declaration, each in a form whose bytes sort
//     as the field does: strings and []byte escaped (0x00 becomes 0x00 0xFF) and terminated by 0x00 0x01, the last field like
//     any other; signed integers big-endian with the sign flipped; unsigned ones big-endian; bool 0 or 1; floats by
//     their total order (-NaN, -Inf, ..., -0, +0, ..., +Inf, NaN); time.Time as its instant in UTC; structs and arrays as what they
//     hold; a field with a codec of its own as the bytes of that, escaped. Hence the bytes of leading fields are a prefix
//     that a range scan can use. An array or time.Time is written the same way if it is the whole key.
//   - Maps, slices other than []byte, interfaces, pointers in structs and unexported fields are errors: they have no
//     canonical bytes, or would be lost.
//
// Beware that an integer which is the whole key is as the JVM writes it: negative ones sort after the others.
func ForKey[T any]() (Serde[T], error) { return stock[T](roleKey) }

// StockKey is implemented by a type that makes its own serde for keys; it is called on the zero value.
type StockKey[T any] interface {
	KeySerde() (Serde[T], error)
}

// String returns the serde of strings, which [For] finds for string.
func String() Serde[string] { return stringSerde{} }

// Int64 returns the serde of int64: 8 bytes, big-endian, two's complement.
func Int64() Serde[int64] { return int64Serde{} }

// Bytes returns the serde of []byte: itself, copied when decoded.
func Bytes() Serde[[]byte] { return bytesSerde{} }

// MsgPack returns the serde that writes T as one MessagePack value, whatever T is. An unsuitable T makes a serde whose every call
// fails; [Err] tells beforehand.
//
// The format and the struct tags (`msgpack:"name,omitempty"`, "-", alias, inline embedding, as_array) are vmihailenco/msgpack's, which
// reads and is read by it. Numbers take the fewest bytes, and maps of every key type are sorted, so equal values are equal bytes, unless an
// EncodeMsgpack writes a map by itself. Decoding ignores fields it does not know, leaves absent ones zero, and refuses
// numbers that do not fit, bytes that follow the value, and nesting beyond wire.MaxDepth levels. Memory is claimed as elements are
// read, never by a length that the input only states. What an `any` holds comes back as bool, int64, uint64, float64, string,
// []byte, time.Time, []any, map[string]any or map[any]any.
//
// Cost: a type is compiled once per process; a struct of eight fields then takes about 0.1 us to write, without allocating, and
// 0.25 us to read, with one allocation per string. A codec by hand (package wire) takes about 0.05 and 0.2.
func MsgPack[T any]() Serde[T] { return compiling[T](formMsgpack) }

// Err returns the error of a serde that was made for a type it cannot serve, so that a topology can report it when it is
// built: what s's method Err() error returns, if it has one.
func Err[T any](s Serde[T]) error { return errOf(s) }

func errOf(s any) error {
	if e, ok := s.(interface{ Err() error }); ok {
		return e.Err()
	}
	return nil
}

type role uint8

const (
	roleValue role = iota
	roleKey
)

func stock[T any](r role) (Serde[T], error) {
	t := reflect.TypeFor[T]()
	if r == roleKey {
		if k, ok := zeroOf(t).(StockKey[T]); ok {
			return k.KeySerde()
		}
	}
	f, err := formOf(t, r)
	if err != nil {
		return nil, err
	}
	return compile[T](f)
}

// formOf is the form of a type that does not choose its own serde.
func formOf(t reflect.Type, r role) (form, error) {
	elem := t
	if t.Kind() == reflect.Pointer {
		elem = t.Elem()
		if t.Name() != "" {
			return 0, typeError(t, "a named pointer type has no use here: use *%s", elem)
		}
		if elem.Kind() == reflect.Pointer {
			return 0, typeError(t, "a pointer stands for a value that may be null, and this one could be null in two ways: use %s", elem)
		}
	}
	if r == roleKey {
		if _, chooses := elem.MethodByName("KeySerde"); chooses && elem != t {
			return 0, typeError(t, "%s chooses its own key serde, which does not take a pointer: use %s", elem, elem)
		}
		if elem == timeType {
			return formKey, nil
		}
	}
	switch o, err := ownOf(elem); {
	case err != nil:
		return 0, err
	case o == ownMsgpack:
		return formMsgpack, nil
	case o != ownNone:
		return formOwn, nil
	case primitiveOf(elem) != notPrimitive:
		return formPrimitive, nil
	case r == roleKey:
		return formKey, nil
	default:
		return formMsgpack, nil
	}
}

// zeroOf returns the zero value, or a pointer to a zero value if t is of pointers: a method may be called on it.
func zeroOf(t reflect.Type) any {
	if t.Kind() == reflect.Pointer {
		return reflect.New(t.Elem()).Interface()
	}
	return reflect.Zero(t).Interface()
}

func typeError(t reflect.Type, format string, args ...any) error {
	return fmt.Errorf("serde: %s: %s", t, fmt.Sprintf(format, args...))
}
