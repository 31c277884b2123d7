package imaging

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The tags of a TIFF directory that say what its samples are.
const (
	tagBitsPerSample = 258
	tagSampleFormat  = 339
)

// checkHeader rejects what the decoder would read without complaint and read
// wrongly: it ignores the sample format (signed and floating-point pixels come
// out as large integers), stretches 1-bit masks to 8 bits, and leaves out all
// pages of a stack but the first.
func checkHeader(r io.ReaderAt, size int64) error {
	var head [8]byte
	if n, err := r.ReadAt(head[:], 0); n < len(head) {
		return short(err, "%w: it has %d bytes", ErrNotTIFF, size)
	}
	var order binary.ByteOrder
	switch string(head[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	case "II+\x00", "MM\x00+":
		return fmt.Errorf("%w: it is a BigTIFF; export it as a classic TIFF", ErrUnsupported)
	default:
		return fmt.Errorf("%w: it begins with %q", ErrNotTIFF, head[:4])
	}

	at := int64(order.Uint32(head[4:]))
	var count [2]byte
	if n, err := r.ReadAt(count[:], at); n < len(count) {
		return short(err, "%w: its directory should be at byte %d of %d; copy it again from the microscope", ErrDamaged, at, size)
	}
	// At most 65535 entries of 12 bytes, then the offset of the next page.
	entries := make([]byte, 12*int(order.Uint16(count[:]))+4)
	if n, err := r.ReadAt(entries, at+2); n < len(entries) {
		return short(err, "%w: its directory ends beyond byte %d; copy it again from the microscope", ErrDamaged, size)
	}
	for e := entries; len(e) > 4; e = e[12:] {
		if err := checkEntry(order.Uint16(e), order.Uint32(e[4:]), order.Uint16(e[8:])); err != nil {
			return err
		}
	}
	if next := order.Uint32(entries[len(entries)-4:]); next != 0 {
		return fmt.Errorf("%w: it holds several pages; project the stack or save each page as its own file", ErrUnsupported)
	}
	return nil
}

// short is the error of a read that gave too few bytes: the file's fault if it
// ended, the disk's otherwise.
func short(err error, format string, args ...any) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	return fmt.Errorf(format, args...)
}

// checkEntry judges one directory entry by its first value. Entries of several
// values are colour images, which their colour model gives away.
func checkEntry(tag uint16, values uint32, first uint16) error {
	if values != 1 {
		return nil
	}
	switch {
	case tag == tagBitsPerSample && first != 8 && first != 16:
		return fmt.Errorf("%w: its pixels have %d bits; export it as 16-bit grey", ErrUnsupported, first)
	case tag == tagSampleFormat && first != 1:
		return fmt.Errorf("%w: its pixels are not unsigned integers (sample format %d); export it as 16-bit grey", ErrUnsupported, first)
	}
	return nil
}
