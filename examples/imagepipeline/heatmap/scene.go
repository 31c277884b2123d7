package heatmap

import (
	"fmt"
	"image/color"
	"strconv"

	"github.com/millrace-go/millrace/examples/imagepipeline/plate"
)

// The look, in pixels at SVG's size; the PNG has twice as many.
const (
	left    = 56.0  // of the grid: row labels
	top     = 92.0  // title, subtitle, column labels
	right   = 128.0 // the scale
	bottom  = 56.0  // the key
	barWide = 18.0
)

var (
	white   = color.RGBA{255, 255, 255, 255}
	ink     = color.RGBA{0x22, 0x26, 0x2b, 255}
	faint   = color.RGBA{0x6b, 0x72, 0x7b, 255}
	grey    = color.RGBA{0xee, 0xf0, 0xf2, 255} // wells that nobody measures
	hatched = color.RGBA{0xa4, 0xab, 0xb3, 255} // lines of the hatching
	frame   = color.RGBA{0xc6, 0xcb, 0xd1, 255}
)

// anchor says which point of a text is at its x.
type anchor int

const (
	start anchor = iota
	middle
	end
)

// style is a text's.
type style struct {
	size   float64
	bold   bool
	colour color.RGBA
	anchor anchor
}

// painter is what a picture is made with; there is one for each file format.
type painter interface {
	rect(x, y, w, h float64, fill color.RGBA, title string)
	hatch(x, y, w, h float64, title string)
	mark(x, y, side float64) // in the upper right corner of a well
	text(x, y float64, s string, st style)
	vertical(x, y float64, s string, st style) // a text that reads upwards
}

// cellSide is the width of a well: a plate with more of them has smaller ones.
func cellSide(f plate.Format) float64 {
	if f.Cols > plate.Format384.Cols || f.Rows > plate.Format384.Rows {
		return 18
	}
	return 30
}

// size is the picture's. Small plates are as wide as a title needs.
func (g *grid) size() (width, height float64) {
	side := cellSide(g.Format)
	return max(480, left+side*float64(g.Format.Cols)+right), top + max(150, side*float64(g.Format.Rows)) + bottom
}

// paint draws the whole picture.
func (g *grid) paint(p painter) {
	width, height := g.size()
	p.rect(0, 0, width, height, white, "")
	p.text(left, 32, fit(g.Title, width-left-12, 20), style{size: 20, bold: true, colour: ink})
	p.text(left, 54, fit(g.Subtitle, width-left-12, 13), style{size: 13, colour: faint})
	counts := g.wells(p)
	g.axes(p)
	g.bar(p)
	g.key(p, height-24, counts)
}

// counts are the wells of each kind.
type counts struct{ valued, missing, incomplete, unused int }

func (g *grid) wells(p painter) counts {
	var n counts
	side := cellSide(g.Format)
	gap := side / 18
	for row := 1; row <= g.Format.Rows; row++ {
		for col := 1; col <= g.Format.Cols; col++ {
			w := well{row, col}
			x, y := left+float64(col-1)*side+gap/2, top+float64(row-1)*side+gap/2
			name := plate.RowName(row) + fmt.Sprintf("%02d", col)
			note, incomplete := g.incomplete[w]
			if note != "" {
				note = " (" + note + ")"
			}
			switch g.state(w) {
			case unused:
				n.unused++
				p.rect(x, y, side-gap, side-gap, grey, name+": not measured")
			case missing:
				n.missing++
				p.hatch(x, y, side-gap, side-gap, name+": no value"+note)
			case valued:
				n.valued++
				v := g.values[w]
				p.rect(x, y, side-gap, side-gap, shade(g.at(v)), name+": "+strconv.FormatFloat(v, 'g', 6, 64)+note)
			}
			if incomplete {
				n.incomplete++
				p.mark(x+side-gap, y, side*0.45)
			}
		}
	}
	return n
}

// axes name the rows and columns. Where wells are small, every second column's
// number must do.
func (g *grid) axes(p painter) {
	side := cellSide(g.Format)
	st := style{size: min(12, side*0.6), colour: faint}
	for row := 1; row <= g.Format.Rows; row++ {
		st.anchor = end
		p.text(left-8, top+(float64(row)-0.5)*side+st.size*0.36, plate.RowName(row), st)
	}
	for col := 1; col <= g.Format.Cols; col++ {
		if side < 24 && col%2 == 0 {
			continue
		}
		st.anchor = middle
		p.text(left+(float64(col)-0.5)*side, top-8, strconv.Itoa(col), st)
	}
}
