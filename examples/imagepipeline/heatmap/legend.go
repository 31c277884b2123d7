package heatmap

import (
	"fmt"
	"math"
	"unicode/utf8"
)

// bar draws the colour scale with its ends and the steps between.
func (g *grid) bar(p painter) {
	x := left + cellSide(g.Format)*float64(g.Format.Cols) + 28
	_, height := g.size()
	tall := height - top - bottom
	st := style{size: 12, colour: ink}
	if len(g.values) == 0 {
		p.text(x, top+12, "no values", style{size: 12, colour: faint})
		return
	}
	p.rect(x-1, top-1, barWide+2, tall+2, frame, "")
	const steps = 128
	for i := range steps {
		// Whole pixels, or thin lines of the frame show between the steps.
		from, to := math.Floor(tall*float64(i)/steps), math.Floor(tall*float64(i+1)/steps)
		if i == steps-1 {
			to = tall
		}
		p.rect(x, top+from, barWide, to-from, shade(g.at(g.Max-(g.Max-g.Min)*(float64(i)+0.5)/steps)), "")
	}
	ticks := 4
	if g.Min == g.Max {
		ticks = 0
	}
	for i := range ticks + 1 {
		part := 0.5
		if ticks > 0 {
			part = float64(i) / float64(ticks)
		}
		// Not Min+part*(Max-Min): it is to give Max itself at the end.
		s := label(g.Min*(1-part)+g.Max*part, g.Max-g.Min)
		switch {
		case i == 0 && g.clipped[0]:
			s = "≤ " + s
		case i == ticks && g.clipped[1]:
			s = "≥ " + s
		}
		y := top + tall*(1-part)
		p.rect(x+barWide+1, max(top, min(y, top+tall-1)), 4, 1, faint, "")
		p.text(x+barWide+9, y+4, s, st)
	}
	p.vertical(x-9, top+tall/2, fit(g.Unit, tall, 12), style{size: 12, colour: faint, anchor: middle})
}

// key explains the wells that are not plain colours, if there are any, and
// counts all of them.
func (g *grid) key(p painter, y float64, n counts) {
	st := style{size: 12, colour: ink}
	x := left
	const swatch = 14
	entry := func(count int, what string, draw func(x float64)) {
		if count == 0 {
			return
		}
		s := fmt.Sprintf("%d %s", count, what)
		draw(x)
		p.text(x+swatch+7, y+4, s, st)
		x += swatch + 7 + 7*float64(utf8.RuneCountInString(s)) + 16
	}
	entry(n.valued, "measured", func(x float64) {
		p.rect(x, y-7, swatch/2, swatch, shade(0.25), "")
		p.rect(x+swatch/2, y-7, swatch/2, swatch, shade(0.75), "")
	})
	entry(n.incomplete, "incomplete", func(x float64) {
		p.rect(x, y-7, swatch, swatch, shade(0.4), "")
		p.mark(x+swatch, y-7, swatch*0.6)
	})
	entry(n.missing, "missing", func(x float64) { p.hatch(x, y-7, swatch, swatch, "") })
	entry(n.unused, "not used", func(x float64) { p.rect(x, y-7, swatch, swatch, grey, "") })
}

// fit cuts a text to a width. Both painters' letters are a little over half as
// wide as they are high.
func fit(s string, width, size float64) string {
	room := int(width / (size * 0.55))
	if utf8.RuneCountInString(s) <= room {
		return s
	}
	return string([]rune(s)[:max(0, room-1)]) + "…"
}
