package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/millrace-go/millrace/serde"
)

// change is what a group is told of a row: the value that it loses, the one that it gains, or both.
type change[V any] struct {
	old, now       V
	hadOld, hasNew bool
}

// The first byte of a change on the wire says what follows: the only value, or the length of the old one and both, old first. A
// format that comes later takes another first byte, so that either can be told from the other in a topic that holds both.
const (
	wireOld  = 1
	wireNew  = 2
	wireBoth = wireOld | wireNew
)

var errChange = errors.New("table: damaged record of a table's groups: the repartition topic is written by GroupBy only")

type changeSerde[V any] struct{ value serde.Serde[V] }

func (s changeSerde[V]) Append(dst []byte, c change[V]) ([]byte, error) {
	switch {
	case c.hadOld && c.hasNew:
		at := len(dst) + 1
		dst, err := s.value.Append(append(dst, wireBoth, 0), c.old)
		if err != nil {
			return dst, err
		}
		var size [binary.MaxVarintLen64]byte
		n := binary.PutUvarint(size[:], uint64(len(dst)-at-1))
		return s.value.Append(slices.Replace(dst, at, at+1, size[:n]...), c.now)
	case c.hadOld:
		return s.value.Append(append(dst, wireOld), c.old)
	default:
		return s.value.Append(append(dst, wireNew), c.now)
	}
}

func (s changeSerde[V]) Decode(src []byte) (c change[V], err error) {
	if len(src) == 0 {
		return c, errChange
	}
	form, rest := src[0], src[1:]
	switch form {
	case wireOld:
		c.hadOld = true
		c.old, err = s.value.Decode(rest)
	case wireNew:
		c.hasNew = true
		c.now, err = s.value.Decode(rest)
	case wireBoth:
		size, n := binary.Uvarint(rest)
		if n <= 0 || size > uint64(len(rest)-n) {
			return c, errChange
		}
		rest = rest[n:]
		c.hadOld, c.hasNew = true, true
		if c.old, err = s.value.Decode(rest[:size]); err == nil {
			c.now, err = s.value.Decode(rest[size:])
		}
	default:
		return c, fmt.Errorf("%w: or by a newer millrace, as its format is %d: upgrade this instance", errChange, form)
	}
	return c, err
}
