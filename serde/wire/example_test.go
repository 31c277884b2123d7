package wire_test

import (
	"fmt"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/serde/wire"
)

// Spot has a codec by hand, which serde.For finds.
type Spot struct {
	Well  string
	Means map[int]float64
}

// AppendBinary implements encoding.BinaryAppender. The map is written in the order of its channels: bytes must not depend on
// the order in which Go iterates.
func (s Spot) AppendBinary(b []byte) ([]byte, error) {
	b = wire.AppendMapLen(b, 2)
	b = wire.AppendString(wire.AppendString(b, "well"), s.Well)
	b = wire.AppendMapLen(wire.AppendString(b, "means"), len(s.Means))
	for channel := range 10 {
		if mean, ok := s.Means[channel]; ok {
			b = wire.AppendFloat64(wire.AppendInt(b, int64(channel)), mean)
		}
	}
	return b, nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (s *Spot) UnmarshalBinary(b []byte) error {
	r := wire.NewReader(b)
	for range r.ReadMapLen() {
		switch string(r.Name()) {
		case "well":
			s.Well = r.ReadString()
		case "means":
			n := r.ReadMapLen()
			s.Means = make(map[int]float64, n)
			for range n {
				channel := int(r.ReadInt())
				s.Means[channel] = r.ReadFloat64()
			}
		default: // a field of a later version
			r.Skip()
		}
	}
	return r.Close()
}

func Example() {
	s, err := serde.For[Spot]()
	if err != nil {
		fmt.Println(err)
		return
	}
	b, _ := s.Append(nil, Spot{"A01", map[int]float64{2: 0.5, 1: 1.5}})
	v, err := s.Decode(b)
	fmt.Println(v, err)

	_, err = s.Decode(b[:len(b)-1])
	fmt.Println(err)
	// Output:
	// {A01 map[1:1.5 2:0.5]} <nil>
	// serde: wire_test.Spot: wire: at byte 29: the input ends inside a value
}

func ExampleReader_TryNil() {
	r := wire.NewReader(wire.AppendInt(wire.AppendNil(nil), 7))
	fmt.Println(r.TryNil(), r.TryNil(), r.ReadInt(), r.Close())
	// Output: true false 7 <nil>
}
