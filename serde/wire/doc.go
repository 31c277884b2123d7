// Package wire has the primitives of MessagePack for codecs written by hand.
//
// The stock serde of a struct (see package serde) is compiled from its type; a hot type may do better with a dozen lines of its own,
// in the same format, so that at the top of a record either reads what the other wrote:
//
//	func (p Point) AppendBinary(b []byte) ([]byte, error) {
//		b = wire.AppendMapLen(b, 2)
//		b = wire.AppendInt(wire.AppendString(b, "x"), p.X)
//		b = wire.AppendInt(wire.AppendString(b, "y"), p.Y)
//		return b, nil
//	}
//
//	func (p *Point) UnmarshalBinary(b []byte) error {
//		r := wire.NewReader(b)
//		for range r.ReadMapLen() {
//			switch string(r.Name()) {
//			case "x":
//				p.X = r.ReadInt()
//			case "y":
//				p.Y = r.ReadInt()
//			default:
//				r.Skip()
//			}
//		}
//		return r.Close()
//	}
//
// Its nouns are the Append functions and [Reader]. The package knows nothing of Go types, reflection or schemas.
//
// The format is https://github.com/msgpack/msgpack/blob/master/spec.md.
package wire

// The codes of the specification.
const (
	codeFixMap   = 0x80 // to 0x8f
	codeFixArray = 0x90 // to 0x9f
	codeFixStr   = 0xa0 // to 0xbf
	codeNil      = 0xc0
	codeFalse    = 0xc2
	codeTrue     = 0xc3
	codeBin8     = 0xc4
	codeBin16    = 0xc5
	codeBin32    = 0xc6
	codeExt8     = 0xc7
	codeExt16    = 0xc8
	codeExt32    = 0xc9
	codeFloat32  = 0xca
	codeFloat64  = 0xcb
	codeUint8    = 0xcc
	codeUint16   = 0xcd
	codeUint32   = 0xce
	codeUint64   = 0xcf
	codeInt8     = 0xd0
	codeInt16    = 0xd1
	codeInt32    = 0xd2
	codeInt64    = 0xd3
	codeFixExt1  = 0xd4
	codeFixExt2  = 0xd5
	codeFixExt4  = 0xd6
	codeFixExt8  = 0xd7
	codeFixExt16 = 0xd8
	codeStr8     = 0xd9
	codeStr16    = 0xda
	codeStr32    = 0xdb
	codeArray16  = 0xdc
	codeArray32  = 0xdd
	codeMap16    = 0xde
	codeMap32    = 0xdf
	codeNegFix   = 0xe0 // to 0xff
)

// MaxDepth is how deeply arrays and maps may be nested. Deeper input is an error: each level costs stack, and a Go
// program that runs out of stack cannot recover.
const MaxDepth = 10_000
