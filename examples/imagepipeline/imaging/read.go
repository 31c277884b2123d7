package imaging

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"io/fs"
	"os"

	"golang.org/x/image/tiff"
)

// Image files come from elsewhere, so what they may cost is bounded before
// anything is decoded.
const (
	// MaxPixels is the largest image that is read, in pixels: seven times the
	// 2160 x 2160 of today's high-content cameras. Decoding takes some
	// tens of bytes a pixel at most, whatever the file claims.
	MaxPixels = 1 << 25
	// MaxFileBytes is the largest file that is opened, in bytes: twice the
	// largest image without compression.
	MaxFileBytes = 4 * MaxPixels
)

// What can be wrong with an image file. None of these goes away by reading
// again; an error that is none of them (a missing file, a disk fault) may.
var (
	ErrNotTIFF     = errors.New("not a TIFF file")
	ErrDamaged     = errors.New("damaged or truncated TIFF")
	ErrUnsupported = errors.New("not a single 8 or 16-bit grey image")
	ErrTooLarge    = errors.New("image too large")
)

// Read reads the TIFF file at path: one 8 or 16-bit grey image, uncompressed or
// with LZW, Deflate or PackBits.
func Read(path string) (*Image, error) {
	// Before opening: opening a FIFO waits for a writer.
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("imaging: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("imaging: read %s: %w: it is a %s; give the path of an image file", path, ErrNotTIFF, kind(info.Mode()))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("imaging: %w", err)
	}
	defer f.Close()
	img, err := decode(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("imaging: read %s: %w", path, err)
	}
	return img, nil
}

// Decode reads an image of size bytes from r, as [Read] does from a file.
func Decode(r io.ReaderAt, size int64) (*Image, error) {
	img, err := decode(r, size)
	if err != nil {
		return nil, fmt.Errorf("imaging: decode: %w", err)
	}
	return img, nil
}

func decode(r io.ReaderAt, size int64) (*Image, error) {
	if size > MaxFileBytes {
		return nil, fmt.Errorf("%w: the file has %d bytes, at most %d are read; crop or bin it", ErrTooLarge, size, MaxFileBytes)
	}
	if err := checkHeader(r, size); err != nil {
		return nil, err
	}
	section := io.NewSectionReader(r, 0, size)
	config, err := tiff.DecodeConfig(section)
	if err != nil {
		return nil, explain(err)
	}
	// Width*Height cannot overflow: the decoder rejects what would.
	if n := config.Width * config.Height; n > MaxPixels {
		return nil, fmt.Errorf("%w: %d x %d pixels, at most %d pixels are read; crop or bin it", ErrTooLarge, config.Width, config.Height, MaxPixels)
	}
	if config.ColorModel != color.GrayModel && config.ColorModel != color.Gray16Model {
		return nil, fmt.Errorf("%w: it is in colour; export each channel as its own grey image", ErrUnsupported)
	}
	decoded, err := tiff.Decode(section)
	if err != nil {
		return nil, explain(err)
	}
	return fromGrey(decoded)
}

// fromGrey copies a decoded image into our integers.
func fromGrey(decoded image.Image) (*Image, error) {
	switch g := decoded.(type) {
	case *image.Gray:
		w, h := g.Rect.Dx(), g.Rect.Dy()
		pix := make([]uint16, w*h)
		for i, v := range g.Pix[:w*h] {
			pix[i] = uint16(v)
		}
		return &Image{Width: w, Height: h, Bits: 8, Pix: pix}, nil
	case *image.Gray16:
		w, h := g.Rect.Dx(), g.Rect.Dy()
		pix := make([]uint16, w*h)
		src := g.Pix[:2*w*h]
		for i := range pix {
			pix[i] = uint16(src[2*i])<<8 | uint16(src[2*i+1])
		}
		return &Image{Width: w, Height: h, Bits: 16, Pix: pix}, nil
	}
	return nil, fmt.Errorf("%w: it decodes to %T; export it as 16-bit grey", ErrUnsupported, decoded)
}

// explain files a decoder's error under one of ours. The decoder gives
// many kinds (its own, zlib's, LZW's, a short read): what is not a feature it
// lacks, nor a fault of the disk, is bytes that are not what they should be.
func explain(err error) error {
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return err
	}
	if _, ok := errors.AsType[tiff.UnsupportedError](err); ok {
		return fmt.Errorf("%w: %w; export it as 16-bit grey without compression", ErrUnsupported, err)
	}
	return fmt.Errorf("%w: %w; copy it again from the microscope", ErrDamaged, err)
}

func kind(mode os.FileMode) string {
	if mode.IsDir() {
		return "directory"
	}
	return "special file"
}
