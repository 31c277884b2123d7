package synthetic

import "encoding/binary"

// appendTIFF appends an uncompressed 16-bit grey TIFF of one strip. The general
// encoder takes ten times as long for images this small, and there are 14,784.
func appendTIFF(file []byte, width, height int, pix []uint16) []byte {
	le := binary.LittleEndian
	const header = 8
	bytes := uint32(2 * len(pix))
	file = append(file, "II*\x00"...)
	file = le.AppendUint32(file, header+bytes) // where the directory begins
	for _, v := range pix {
		file = le.AppendUint16(file, v)
	}

	const short, long = 3, 4
	tags := [...]struct {
		tag, kind uint16
		value     uint32 // little-endian: a short fills the first two bytes
	}{
		{256, long, uint32(width)},
		{257, long, uint32(height)},
		{258, short, 16}, // bits per sample
		{259, short, 1},  // no compression
		{262, short, 1},  // black is zero
		{273, long, header},
		{277, short, 1}, // samples per pixel
		{278, long, uint32(height)},
		{279, long, bytes},
		{339, short, 1}, // unsigned integers
	}
	file = le.AppendUint16(file, uint16(len(tags)))
	for _, t := range tags {
		file = le.AppendUint16(file, t.tag)
		file = le.AppendUint16(file, t.kind)
		file = le.AppendUint32(file, 1)
		file = le.AppendUint32(file, t.value)
	}
	return le.AppendUint32(file, 0) // no further page
}
