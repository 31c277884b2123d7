package heatmap

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"io"
	"strconv"
)

// SVG writes the map as an SVG file. Each well tells its name and value when
// pointed at.
func SVG(w io.Writer, m Map) error {
	g, err := m.check()
	if err != nil {
		return err
	}
	width, height := g.size()
	var p svgPainter
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" role="img" font-family="Go, 'Segoe UI', Helvetica, Arial, sans-serif"`)
	p.printf(` width="%[1]s" height="%[2]s" viewBox="0 0 %[1]s %[2]s">`+"\n", num(width), num(height))
	p.printf("<title>%s</title>\n", escape(m.Title))
	p.printf(`<defs><pattern id="missing" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">`)
	p.printf(`<rect width="6" height="6" fill="%s"/><rect width="2" height="6" fill="%s"/></pattern></defs>`+"\n", hex(white), hex(hatched))
	g.paint(&p)
	p.printf("</svg>\n")
	if _, err := w.Write(p.Bytes()); err != nil {
		return fmt.Errorf("heatmap: %w", err)
	}
	return nil
}

type svgPainter struct{ bytes.Buffer }

func (p *svgPainter) printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

func (p *svgPainter) rect(x, y, w, h float64, fill color.RGBA, title string) {
	p.box(x, y, w, h, `fill="`+hex(fill)+`"`, title)
}

func (p *svgPainter) hatch(x, y, w, h float64, title string) {
	p.box(x, y, w, h, `fill="url(#missing)" stroke="`+hex(frame)+`" stroke-width="0.5"`, title)
}

func (p *svgPainter) box(x, y, w, h float64, look, title string) {
	p.printf(`<rect x="%s" y="%s" width="%s" height="%s" %s`, num(x), num(y), num(w), num(h), look)
	if title == "" {
		p.printf("/>\n")
		return
	}
	p.printf("><title>%s</title></rect>\n", escape(title))
}

func (p *svgPainter) mark(x, y, side float64) {
	p.printf(`<path d="M%s %sh-%sl%s %sz" fill="%s" stroke="%s" stroke-width="1" pointer-events="none"/>`+"\n",
		num(x), num(y), num(side), num(side), num(side), hex(white), hex(ink))
}

func (p *svgPainter) text(x, y float64, s string, st style) {
	if s == "" {
		return
	}
	p.printf(`<text x="%s" y="%s"%s>%s</text>`+"\n", num(x), num(y), look(st), escape(s))
}

func (p *svgPainter) vertical(x, y float64, s string, st style) {
	if s == "" {
		return
	}
	p.printf(`<text transform="translate(%s %s) rotate(-90)"%s>%s</text>`+"\n", num(x), num(y), look(st), escape(s))
}

func look(st style) string {
	s := fmt.Sprintf(` font-size="%s" fill="%s"`, num(st.size), hex(st.colour))
	if st.bold {
		s += ` font-weight="bold"`
	}
	switch st.anchor {
	case middle:
		s += ` text-anchor="middle"`
	case end:
		s += ` text-anchor="end"`
	case start: // is SVG's default
	}
	return s
}

// num writes a length with at most two decimals.
func num(v float64) string {
	return strconv.FormatFloat(float64(int(v*100+0.5))/100, 'f', -1, 64)
}

func hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// escape makes foreign text safe in XML: titles come from folders' names.
func escape(s string) string {
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return "" // a buffer takes all it is given
	}
	return b.String()
}
