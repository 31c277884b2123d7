package serde_test

import (
	"encoding/hex"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/serde/wire"
)

// image has eight fields, as an event of the example pipeline does.
type image struct {
	Experiment string `msgpack:"experiment"`
	Plate      string `msgpack:"plate"`
	Well       string `msgpack:"well"`
	Site       int    `msgpack:"site"`
	Channel    int    `msgpack:"channel"`
	Path       string `msgpack:"path"`
	Stamp      int64  `msgpack:"ts"`
	Valid      bool   `msgpack:"valid"`
}

// handImage is image with a codec written by hand, in the same format.
type handImage image

// AppendBinary implements encoding.BinaryAppender.
func (i *handImage) AppendBinary(b []byte) ([]byte, error) {
	b = wire.AppendMapLen(b, 8)
	b = wire.AppendString(wire.AppendString(b, "experiment"), i.Experiment)
	b = wire.AppendString(wire.AppendString(b, "plate"), i.Plate)
	b = wire.AppendString(wire.AppendString(b, "well"), i.Well)
	b = wire.AppendInt(wire.AppendString(b, "site"), int64(i.Site))
	b = wire.AppendInt(wire.AppendString(b, "channel"), int64(i.Channel))
	b = wire.AppendString(wire.AppendString(b, "path"), i.Path)
	b = wire.AppendInt(wire.AppendString(b, "ts"), i.Stamp)
	return wire.AppendBool(wire.AppendString(b, "valid"), i.Valid), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (i *handImage) UnmarshalBinary(b []byte) error {
	r := wire.NewReader(b)
	for range r.ReadMapLen() {
		switch string(r.Name()) {
		case "experiment":
			i.Experiment = r.ReadString()
		case "plate":
			i.Plate = r.ReadString()
		case "well":
			i.Well = r.ReadString()
		case "site":
			i.Site = int(r.ReadInt())
		case "channel":
			i.Channel = int(r.ReadInt())
		case "path":
			i.Path = r.ReadString()
		case "ts":
			i.Stamp = r.ReadInt()
		case "valid":
			i.Valid = r.ReadBool()
		default:
			r.Skip()
		}
	}
	return r.Close()
}

var anImage = image{
	Experiment: "exp-1", Plate: "BR00143976", Well: "C07", Site: 3, Channel: 5,
	Path: "exp-1/BR00143976/C07_s3_w5.tiff", Stamp: 1700000000123, Valid: true,
}

type siteKey struct {
	Experiment, Plate, Well string
	Site                    int
}

// TestFormatsAgree: the stock serde and a codec by hand write and read the same.
func TestFormatsAgree(t *testing.T) {
	t.Parallel()
	want, err := value[image](t).Append(nil, anImage)
	if err != nil {
		t.Fatal(err)
	}
	check(t, value[handImage](t), handImage(anImage), hex.EncodeToString(want))
}

func BenchmarkAppend(b *testing.B) {
	b.Run("stock", func(b *testing.B) { benchAppend(b, must(serde.For[image]), anImage) })
	b.Run("stock pointer", func(b *testing.B) { benchAppend(b, must(serde.For[*image]), &anImage) })
	b.Run("by hand", func(b *testing.B) { benchAppend(b, must(serde.For[handImage]), handImage(anImage)) })
	b.Run("JSON", func(b *testing.B) { benchAppend(b, serde.JSON[image](), anImage) })
	b.Run("v5 Marshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := msgpack.Marshal(&anImage); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("string", func(b *testing.B) { benchAppend(b, serde.String(), anImage.Path) })
	b.Run("int64", func(b *testing.B) { benchAppend(b, serde.Int64(), 42) })
	b.Run("key", func(b *testing.B) {
		benchAppend(b, must(serde.ForKey[siteKey]), siteKey{"exp-1", "BR00143976", "C07", 3})
	})
	b.Run("map", func(b *testing.B) { benchAppend(b, must(serde.For[map[int]string]), channels) })
}

func BenchmarkDecode(b *testing.B) {
	b.Run("stock", func(b *testing.B) { benchDecode(b, must(serde.For[image]), anImage) })
	b.Run("stock pointer", func(b *testing.B) { benchDecode(b, must(serde.For[*image]), &anImage) })
	b.Run("by hand", func(b *testing.B) { benchDecode(b, must(serde.For[handImage]), handImage(anImage)) })
	b.Run("JSON", func(b *testing.B) { benchDecode(b, serde.JSON[image](), anImage) })
	b.Run("v5 Unmarshal", func(b *testing.B) {
		in, err := msgpack.Marshal(&anImage)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			var v image
			if err := msgpack.Unmarshal(in, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("string", func(b *testing.B) { benchDecode(b, serde.String(), anImage.Path) })
	b.Run("int64", func(b *testing.B) { benchDecode(b, serde.Int64(), 42) })
	b.Run("key", func(b *testing.B) {
		benchDecode(b, must(serde.ForKey[siteKey]), siteKey{"exp-1", "BR00143976", "C07", 3})
	})
	b.Run("map", func(b *testing.B) { benchDecode(b, must(serde.For[map[int]string]), channels) })
}

var channels = map[int]string{1: "DNA", 2: "ER", 3: "RNA", 4: "AGP", 5: "Mito", 6: "Brightfield"}

func must[T any](make func() (serde.Serde[T], error)) serde.Serde[T] {
	s, err := make()
	if err != nil {
		panic(err)
	}
	return s
}

func benchAppend[T any](b *testing.B, s serde.Serde[T], v T) {
	b.Helper()
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		var err error
		if buf, err = s.Append(buf[:0], v); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(buf)))
}

func benchDecode[T any](b *testing.B, s serde.Serde[T], v T) {
	b.Helper()
	in, err := s.Append(nil, v)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if _, err := s.Decode(in); err != nil {
			b.Fatal(err)
		}
	}
}
