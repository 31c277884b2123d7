package serde

import "reflect"

// pointerSerde is the serde of a T = *U whose U has the memory of the primitive E.
type pointerSerde[T, E any] struct{ elem Serde[E] }

func (s pointerSerde[T, E]) Append(dst []byte, v T) ([]byte, error) {
	p := *view[*E](&v)
	if p == nil {
		return dst, nilError[T]()
	}
	return s.elem.Append(dst, *p)
}

func (s pointerSerde[T, E]) Decode(src []byte) (v T, err error) {
	e, err := s.elem.Decode(src)
	if err == nil {
		*view[*E](&v) = &e
	}
	return v, err
}

// pointerTo returns the serde of T = *U for a U of a primitive kind, or false.
func pointerTo[T any](elem reflect.Type) (Serde[T], bool) {
	switch elem.Kind() {
	case reflect.String:
		return pointing[T, string]()
	case reflect.Slice:
		if elem.Elem().Kind() == reflect.Uint8 {
			return pointing[T, []byte]()
		}
		return nil, false
	case reflect.Bool:
		return pointing[T, bool]()
	case reflect.Int8, reflect.Uint8:
		return pointing[T, uint8]()
	case reflect.Int16, reflect.Uint16:
		return pointing[T, uint16]()
	case reflect.Int32, reflect.Uint32, reflect.Float32:
		return pointing[T, uint32]()
	case reflect.Int64, reflect.Uint64, reflect.Float64:
		return pointing[T, uint64]()
	case reflect.Int:
		return pointing[T, int]()
	case reflect.Uint:
		return pointing[T, uint]()
	default:
		return nil, false
	}
}

func pointing[T, E any]() (Serde[T], bool) {
	elem, ok := primitiveOf[E]()
	return pointerSerde[T, E]{elem}, ok
}
