package heatmap

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/vector"
)

// zoom is the PNG's pixels for one of the SVG's: enough for sharp screens.
const zoom = 2

// PNG writes the map as a PNG file, of the same look as the SVG.
func PNG(w io.Writer, m Map) error {
	img, err := raster(m)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	// Large areas of one colour: the fastest compression is nearly the best.
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&b, img); err != nil {
		return fmt.Errorf("heatmap: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("heatmap: %w", err)
	}
	return nil
}

func raster(m Map) (*image.RGBA, error) {
	g, err := m.check()
	if err != nil {
		return nil, err
	}
	width, height := g.size()
	p := &pngPainter{img: image.NewRGBA(image.Rect(0, 0, int(width*zoom), int(height*zoom)))}
	g.paint(p)
	if p.err != nil {
		return nil, fmt.Errorf("heatmap: %w", p.err)
	}
	return p.img, nil
}

type pngPainter struct {
	img   *image.RGBA
	fonts fonts
	err   error // the first
}

func pixels(x, y, w, h float64) image.Rectangle {
	at := func(v float64) int { return int(math.Round(v * zoom)) }
	return image.Rect(at(x), at(y), at(x+w), at(y+h))
}

func (p *pngPainter) rect(x, y, w, h float64, fill color.RGBA, _ string) {
	draw.Draw(p.img, pixels(x, y, w, h), image.NewUniform(fill), image.Point{}, draw.Src)
}

// hatch draws lines that rise to the right, as wide as the gaps between two are
// twice; they run on from well to well.
func (p *pngPainter) hatch(x, y, w, h float64, _ string) {
	area := pixels(x, y, w, h)
	draw.Draw(p.img, area, image.NewUniform(frame), image.Point{}, draw.Src)
	area = area.Inset(1)
	const period, line = 8 * zoom, 3 * zoom
	for py := area.Min.Y; py < area.Max.Y; py++ {
		for px := area.Min.X; px < area.Max.X; px++ {
			c := white
			if (px+py)%period < line {
				c = hatched
			}
			p.img.SetRGBA(px, py, c)
		}
	}
}

func (p *pngPainter) mark(x, y, side float64) {
	// A larger triangle in ink and a smaller in white make one with an outline.
	p.triangle(x, y, side, ink)
	p.triangle(x-0.8, y+0.8, side-2.6, white)
}

// triangle fills the upper right half of a square whose upper right is (x, y).
func (p *pngPainter) triangle(x, y, side float64, fill color.RGBA) {
	area := pixels(x-side, y, side, side)
	size := float32(side * zoom)
	r := vector.NewRasterizer(area.Dx(), area.Dy())
	r.MoveTo(0, 0)
	r.LineTo(size, 0)
	r.LineTo(size, size)
	r.ClosePath()
	r.Draw(p.img, area, image.NewUniform(fill), image.Point{})
}

func (p *pngPainter) text(x, y float64, s string, st style) {
	drawn, baseline := p.line(s, st)
	if drawn == nil {
		return
	}
	at := image.Pt(int(math.Round(x*zoom))-shift(drawn, st), int(math.Round(y*zoom))-baseline)
	draw.Draw(p.img, drawn.Bounds().Add(at), drawn, image.Point{}, draw.Over)
}

// vertical draws the line and turns it by a quarter.
func (p *pngPainter) vertical(x, y float64, s string, st style) {
	drawn, baseline := p.line(s, st)
	if drawn == nil {
		return
	}
	w, h := drawn.Rect.Dx(), drawn.Rect.Dy()
	turned := image.NewRGBA(image.Rect(0, 0, h, w))
	for py := range h {
		for px := range w {
			turned.SetRGBA(py, w-1-px, drawn.RGBAAt(px, py))
		}
	}
	at := image.Pt(int(math.Round(x*zoom))-baseline, int(math.Round(y*zoom))-w+shift(drawn, st))
	draw.Draw(p.img, turned.Bounds().Add(at), turned, image.Point{}, draw.Over)
}

// shift is how far an anchor lies behind a line's start, in pixels.
func shift(line *image.RGBA, st style) int {
	switch st.anchor {
	case middle:
		return line.Rect.Dx() / 2
	case end:
		return line.Rect.Dx()
	case start:
	}
	return 0
}
