package imaging

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/image/tiff"
)

func encode(tb testing.TB, m image.Image, compression tiff.CompressionType) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := tiff.Encode(&b, m, &tiff.Options{Compression: compression, Predictor: compression != tiff.Uncompressed}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// tags is a TIFF of one strip, with the tags that are given replaced.
func tags(order binary.AppendByteOrder, width, height, bits uint32, strip []byte, replaced map[uint16]uint32) []byte {
	all := [][2]uint32{{256, width}, {257, height}, {258, bits}, {259, 1}, {262, 1}, {273, 8}, {277, 1}, {278, height}, {279, uint32(len(strip))}, {339, 1}}
	file := order.AppendUint32([]byte("II*\x00"), uint32(8+len(strip)))
	if order.String() == binary.BigEndian.String() {
		copy(file, "MM\x00*")
	}
	file = order.AppendUint16(append(file, strip...), uint16(len(all)))
	for _, tag := range all {
		if v, ok := replaced[uint16(tag[0])]; ok {
			tag[1] = v
		}
		file = order.AppendUint16(file, uint16(tag[0]))
		if tag[0] == 258 || tag[0] == 339 { // shorts, at the front of their four bytes
			file = order.AppendUint32(order.AppendUint16(file, 3), 1)
			file = order.AppendUint16(order.AppendUint16(file, uint16(tag[1])), 0)
			continue
		}
		file = order.AppendUint32(order.AppendUint32(order.AppendUint16(file, 4), 1), tag[1])
	}
	return order.AppendUint32(file, replaced[0])
}

func decodeBytes(b []byte) (*Image, error) { return Decode(bytes.NewReader(b), int64(len(b))) }

func TestDecode(t *testing.T) {
	t.Parallel()
	grey16 := image.NewGray16(image.Rect(0, 0, 3, 2))
	grey8 := image.NewGray(grey16.Rect)
	want16 := &Image{Width: 3, Height: 2, Bits: 16, Pix: []uint16{0, 1, 255, 256, 40000, 65535}}
	want8 := &Image{Width: 3, Height: 2, Bits: 8, Pix: []uint16{0, 1, 2, 127, 128, 255}}
	for i := range want16.Pix {
		grey16.SetGray16(i%3, i/3, color.Gray16{Y: want16.Pix[i]})
		grey8.SetGray(i%3, i/3, color.Gray{Y: uint8(want8.Pix[i])})
	}
	bigEndian := []byte{0, 0, 0, 1, 0, 255, 1, 0, 0x9c, 0x40, 255, 255}
	for _, tt := range []struct {
		name string
		file []byte
		want *Image
	}{
		{"16 bits", encode(t, grey16, tiff.Uncompressed), want16},
		{"16 bits, deflate with predictor", encode(t, grey16, tiff.Deflate), want16},
		{"8 bits", encode(t, grey8, tiff.Uncompressed), want8},
		{"8 bits, deflate with predictor", encode(t, grey8, tiff.Deflate), want8},
		{"16 bits, big-endian", tags(binary.BigEndian, 3, 2, 16, bigEndian, nil), want16},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeBytes(tt.file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeBadInput(t *testing.T) {
	t.Parallel()
	le, pix := binary.LittleEndian, make([]byte, 2*8*8)
	whole := encode(t, image.NewGray16(image.Rect(0, 0, 64, 64)), tiff.Uncompressed)
	deflated := encode(t, image.NewGray16(image.Rect(0, 0, 64, 64)), tiff.Deflate)
	spoiled := bytes.Clone(deflated)
	spoiled[9] ^= 0xff
	for _, tt := range []struct {
		name string
		file []byte
		is   error
		says string
	}{
		{"empty file", nil, ErrNotTIFF, "it has 0 bytes"},
		{"a few bytes", []byte("II*"), ErrNotTIFF, "it has 3 bytes"},
		{"a PNG", []byte("\x89PNG\r\n\x1a\n0000000000"), ErrNotTIFF, `it begins with "\x89PNG"`},
		{"BigTIFF", []byte("II+\x00\x08\x00\x00\x00"), ErrUnsupported, "classic TIFF"},
		{"only a header", whole[:8], ErrDamaged, "directory should be at byte 8200 of 8"},
		{"half an image", whole[:len(whole)/2], ErrDamaged, "copy it again"},
		{"half a directory", whole[:len(whole)-20], ErrDamaged, "copy it again"},
		{"deflated data cut", tags(le, 64, 64, 16, deflated[8:20], map[uint16]uint32{259: 8}), ErrDamaged, "copy it again"},
		{"deflated data spoiled", spoiled, ErrDamaged, "copy it again"},
		{"strip beyond the end", tags(le, 8, 8, 16, pix, map[uint16]uint32{273: 1 << 30}), ErrDamaged, "copy it again"},
		{"strip shorter than the image", tags(le, 8, 9, 16, pix, nil), ErrDamaged, "not enough pixel data"},
		{"no pixels", tags(le, 0, 8, 16, nil, nil), ErrDamaged, "zero-size"},
		{"claims a gigapixel", tags(le, 1<<15, 1<<15, 16, pix, nil), ErrTooLarge, "32768 x 32768 pixels, at most 33554432"},
		{"claims more than memory", tags(le, math.MaxInt32, math.MaxInt32, 16, pix, nil), ErrDamaged, "too large"},
		{"colour", encode(t, image.NewNRGBA(image.Rect(0, 0, 8, 8)), tiff.Uncompressed), ErrUnsupported, "export each channel"},
		{"palette", encode(t, image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.Black, color.White}), tiff.Uncompressed), ErrUnsupported, "in colour"},
		{"a mask of 1 bit", tags(le, 8, 8, 1, pix, nil), ErrUnsupported, "its pixels have 1 bits"},
		{"32 bits", tags(le, 8, 4, 32, pix, nil), ErrUnsupported, "its pixels have 32 bits"},
		{"floats of 16 bits", tags(le, 8, 8, 16, pix, map[uint16]uint32{339: 3}), ErrUnsupported, "sample format 3"},
		{"signed, big-endian", tags(binary.BigEndian, 8, 8, 16, pix, map[uint16]uint32{339: 2}), ErrUnsupported, "sample format 2"},
		{"a stack", tags(le, 8, 8, 16, pix, map[uint16]uint32{0: 8}), ErrUnsupported, "several pages"},
		{"JPEG inside", tags(le, 8, 8, 16, pix, map[uint16]uint32{259: 7}), ErrUnsupported, "without compression"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			img, err := decodeBytes(tt.file)
			if img != nil || !errors.Is(err, tt.is) {
				t.Fatalf("got %v, %v; want %v", img, err, tt.is)
			}
			if !strings.HasPrefix(err.Error(), "imaging: decode: ") || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %q, want it to say %q", err, tt.says)
			}
		})
	}
}

// Not parallel: it counts what the process allocates.
func TestDecodeBombIsBounded(t *testing.T) {
	var bomb bytes.Buffer
	z := zlib.NewWriter(&bomb)
	if _, err := z.Write(make([]byte, 16<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	file := tags(binary.LittleEndian, 64, 64, 16, bomb.Bytes(), map[uint16]uint32{259: 8})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	img, err := decodeBytes(file)
	runtime.ReadMemStats(&after)
	if err != nil || len(img.Pix) != 64*64 {
		t.Errorf("the pixels come first and are whole: got %v", err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
		t.Errorf("a 64 x 64 image that inflates to 16 MiB took %d bytes", got)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.tif", encode(t, image.NewGray16(image.Rect(0, 0, 5, 4)), tiff.Uncompressed))
	text := write("notes.tif", []byte("these are my notes"))
	huge := write("huge.tif", nil)
	if err := os.Truncate(huge, MaxFileBytes+1); err != nil { // sparse
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path string
		is   error
		says string
	}{
		{good, nil, ""},
		{text, ErrNotTIFF, "imaging: read " + text + `: not a TIFF file: it begins with "thes"`},
		{huge, ErrTooLarge, "imaging: read " + huge + ": image too large: the file has 134217729 bytes, at most 134217728 are read; crop or bin it"},
		{dir, ErrNotTIFF, "imaging: read " + dir + ": not a TIFF file: it is a directory; give the path of an image file"},
		{os.DevNull, ErrNotTIFF, "imaging: read " + os.DevNull + ": not a TIFF file: it is a special file; give the path of an image file"},
		{filepath.Join(dir, "none.tif"), fs.ErrNotExist, "imaging: stat " + filepath.Join(dir, "none.tif") + ": no such file or directory"},
	} {
		img, err := Read(tt.path)
		if !errors.Is(err, tt.is) || (img == nil) != (tt.is != nil) {
			t.Errorf("%s: got %v, %v; want %v", tt.path, img, err, tt.is)
		} else if err != nil && err.Error() != tt.says {
			t.Errorf("%s: got %q, want %q", tt.path, err, tt.says)
		}
	}
}

// A fault of the disk is not the file's: it may be gone at the next attempt.
func TestDiskFaultIsNotDamage(t *testing.T) {
	t.Parallel()
	fault := &fs.PathError{Op: "read", Path: "x.tif", Err: errors.New("input/output error")}
	for ok := range 10 {
		file := encode(t, image.NewGray16(image.Rect(0, 0, 8, 8)), tiff.Uncompressed)
		_, err := Decode(&faulty{bytes.NewReader(file), ok, fault}, int64(len(file)))
		if err != nil && (!errors.Is(err, fault) || errors.Is(err, ErrDamaged) || errors.Is(err, ErrNotTIFF)) {
			t.Errorf("fault after %d reads: %v", ok, err)
		}
		if ok == 0 && err == nil {
			t.Error("the fault was not met")
		}
	}
}

type faulty struct {
	r   *bytes.Reader
	ok  int
	err error
}

func (f *faulty) ReadAt(p []byte, at int64) (int, error) {
	if f.ok--; f.ok < 0 {
		return 0, f.err
	}
	return f.r.ReadAt(p, at)
}
