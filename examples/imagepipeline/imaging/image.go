package imaging

// Image is one channel of one site. Pix holds Width*Height pixels row by row,
// as the camera wrote them: 0..255 where Bits is 8, 0..65535 where it is 16.
type Image struct {
	Width, Height int
	Bits          int
	Pix           []uint16
}

// scale is the pixel value that counts as intensity 1.
func (m *Image) scale() float64 {
	if m.Bits == 8 {
		return 255
	}
	return 65535
}
