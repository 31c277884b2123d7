package wire

// Kind is what sort of value comes next; see [Reader.Peek].
type Kind uint8

// The kinds of MessagePack's values. KindNone stands for the end of the input, an error, or the one code without a meaning.
const (
	KindNone Kind = iota
	KindNil
	KindBool
	KindUint // an integer in a form for integers that are not negative
	KindInt  // an integer in a form for signed ones
	KindFloat
	KindString
	KindBinary
	KindArray
	KindMap
	KindExt // an extension: [Reader.Raw] and [Reader.Skip] read it
)

var kinds = func() (t [256]Kind) {
	set := func(from, to int, k Kind) {
		for c := from; c <= to; c++ {
			t[c] = k
		}
	}
	set(0, 0x7f, KindUint)
	set(codeFixMap, 0x8f, KindMap)
	set(codeFixArray, 0x9f, KindArray)
	set(codeFixStr, 0xbf, KindString)
	set(codeNil, codeNil, KindNil)
	set(codeFalse, codeTrue, KindBool)
	set(codeBin8, codeBin32, KindBinary)
	set(codeExt8, codeExt32, KindExt)
	set(codeFloat32, codeFloat64, KindFloat)
	set(codeUint8, codeUint64, KindUint)
	set(codeInt8, codeInt64, KindInt)
	set(codeFixExt1, codeFixExt16, KindExt)
	set(codeStr8, codeStr32, KindString)
	set(codeArray16, codeArray32, KindArray)
	set(codeMap16, codeMap32, KindMap)
	set(codeNegFix, 0xff, KindInt)
	return t
}()

// Peek says what sort of value comes next, without reading it.
func (r *Reader) Peek() Kind {
	if r.err != nil || r.off >= len(r.b) {
		return KindNone
	}
	return kinds[r.b[r.off]]
}
