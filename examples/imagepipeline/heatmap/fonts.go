package heatmap

import (
	"image"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// fonts are the Go fonts in the sizes of one picture.
type fonts map[fontKey]font.Face

type fontKey struct {
	size float64
	bold bool
}

// face makes each size once.
func (p *pngPainter) face(st style) (font.Face, error) {
	key := fontKey{st.size, st.bold}
	if face := p.fonts[key]; face != nil {
		return face, nil
	}
	ttf := goregular.TTF
	if st.bold {
		ttf = gobold.TTF
	}
	parsed, err := opentype.Parse(ttf)
	if err != nil {
		return nil, err
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: st.size * zoom, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil, err
	}
	if p.fonts == nil {
		p.fonts = fonts{}
	}
	p.fonts[key] = face
	return face, nil
}

// line draws a text on a transparent ground just large enough, and gives the
// baseline's distance from its top; it is nil for an empty text.
func (p *pngPainter) line(s string, st style) (drawn *image.RGBA, baseline int) {
	face, err := p.face(st)
	if err != nil {
		if p.err == nil {
			p.err = err
		}
		return nil, 0
	}
	metrics := face.Metrics()
	width := font.MeasureString(face, s).Ceil()
	if width == 0 {
		return nil, 0
	}
	drawn = image.NewRGBA(image.Rect(0, 0, width, (metrics.Ascent + metrics.Descent).Ceil()))
	drawer := font.Drawer{Dst: drawn, Src: image.NewUniform(st.colour), Face: face, Dot: fixed.Point26_6{Y: metrics.Ascent}}
	drawer.DrawString(s)
	return drawn, metrics.Ascent.Round()
}
