package bench

import (
	"bytes"
	"fmt"

	"github.com/millrace-go/millrace/serde/wire"
)

// imageSerde is Image's MessagePack map, written by hand.
type imageSerde struct{}

func (imageSerde) Append(b []byte, i Image) ([]byte, error) {
	b = wire.AppendMapLen(b, 7)
	b = wire.AppendString(wire.AppendString(b, "experiment"), i.Experiment)
	b = wire.AppendString(wire.AppendString(b, "plate"), i.Plate)
	b = wire.AppendString(wire.AppendString(b, "well"), i.Well)
	b = wire.AppendInt(wire.AppendString(b, "site"), int64(i.Site))
	b = wire.AppendInt(wire.AppendString(b, "channel"), int64(i.Channel))
	b = wire.AppendString(wire.AppendString(b, "path"), i.Path)
	return wire.AppendInt(wire.AppendString(b, "ts"), i.TS), nil
}

// Decode copies all of src at once: one allocation instead of one per string.
func (c imageSerde) Decode(src []byte) (v Image, err error) {
	err = c.View(bytes.Clone(src), &v)
	return v, err
}

func (imageSerde) View(src []byte, i *Image) error {
	*i = Image{}
	r := wire.NewViewReader(src)
	for n := r.ReadMapLen(); n > 0; n-- {
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
			i.TS = r.ReadInt()
		default:
			r.Skip()
		}
	}
	return r.Close()
}

func appendOrNil(b []byte, s string) []byte {
	if s == "" {
		return wire.AppendNil(b)
	}
	return wire.AppendString(b, s)
}

// packedSerde writes packed as Progress's MessagePack map.
type packedSerde struct{}

func (packedSerde) Append(b []byte, p *packed) ([]byte, error) {
	b = wire.AppendMapLen(b, 8)
	b = appendOrNil(wire.AppendString(b, "experiment"), p.exp)
	b = appendOrNil(wire.AppendString(b, "plate"), p.plate)
	b = appendOrNil(wire.AppendString(b, "well"), p.well)
	b = wire.AppendInt(wire.AppendString(b, "site"), int64(p.siteNo))
	b = wire.AppendMapLen(wire.AppendString(b, "channels"), p.count())
	for c, path := range p.paths {
		if p.mask&(1<<c) != 0 {
			b = wire.AppendString(wire.AppendInt(b, int64(c+1)), path)
		}
	}
	b = wire.AppendInt(wire.AppendString(b, "firstTs"), p.first)
	b = wire.AppendInt(wire.AppendString(b, "lastTs"), p.last)
	return wire.AppendBool(wire.AppendString(b, "completed"), p.completed), nil
}

// Decode copies all of src at once: one allocation instead of one per string.
func (c packedSerde) Decode(src []byte) (v *packed, err error) {
	err = c.View(bytes.Clone(src), &v)
	return v, err
}

func (packedSerde) View(src []byte, v **packed) error {
	r := wire.NewViewReader(src)
	p := &packed{}
	*v = p
	for n := r.ReadMapLen(); n > 0; n-- {
		switch string(r.Name()) {
		case "experiment":
			p.exp = r.ReadString()
		case "plate":
			p.plate = r.ReadString()
		case "well":
			p.well = r.ReadString()
		case "site":
			p.siteNo = int(r.ReadInt())
		case "channels":
			for k := r.ReadMapLen(); k > 0; k-- {
				c := r.ReadInt() - 1
				path := r.ReadString()
				if c < 0 || c >= int64(len(p.paths)) {
					return fmt.Errorf("bench: channel %d: a site has 1 to %d", c+1, len(p.paths))
				}
				p.paths[c] = path
				p.mask |= 1 << c
			}
		case "firstTs":
			p.first = r.ReadInt()
		case "lastTs":
			p.last = r.ReadInt()
		case "completed":
			p.completed = r.ReadBool()
		default:
			r.Skip()
		}
	}
	return r.Close()
}

// siteSerde is Site's MessagePack map, written by hand.
type siteSerde struct{}

func (siteSerde) Append(b []byte, s Site) ([]byte, error) {
	b = wire.AppendMapLen(b, 6)
	b = wire.AppendString(wire.AppendString(b, "experiment"), s.Experiment)
	b = wire.AppendString(wire.AppendString(b, "plate"), s.Plate)
	b = wire.AppendString(wire.AppendString(b, "well"), s.Well)
	b = wire.AppendInt(wire.AppendString(b, "site"), int64(s.Site))
	b = wire.AppendArrayLen(wire.AppendString(b, "paths"), len(s.Paths))
	for _, p := range s.Paths {
		b = wire.AppendString(b, p)
	}
	return wire.AppendInt(wire.AppendString(b, "ts"), s.TS), nil
}

// Decode copies all of src at once: one allocation instead of one per string.
func (c siteSerde) Decode(src []byte) (v Site, err error) {
	err = c.View(bytes.Clone(src), &v)
	return v, err
}

func (siteSerde) View(src []byte, s *Site) error {
	*s = Site{}
	r := wire.NewViewReader(src)
	for n := r.ReadMapLen(); n > 0; n-- {
		switch string(r.Name()) {
		case "experiment":
			s.Experiment = r.ReadString()
		case "plate":
			s.Plate = r.ReadString()
		case "well":
			s.Well = r.ReadString()
		case "site":
			s.Site = int(r.ReadInt())
		case "paths":
			for k := r.ReadArrayLen(); k > 0; k-- {
				s.Paths = append(s.Paths, r.ReadString())
			}
		case "ts":
			s.TS = r.ReadInt()
		default:
			r.Skip()
		}
	}
	return r.Close()
}
