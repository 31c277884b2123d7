// Package heatmap draws a plate: one number per well, as colours on its grid.
//
// A [Map] is what to draw; [SVG], [PNG] and [Write] draw it. Wells that should
// have a number and have none are hatched, wells whose number rests on fewer
// sites than it should carry a mark in their corner, and wells that nobody
// measures are plain grey: a hole in the data never looks like a low value.
//
//	svg, png, err := heatmap.Write("plate-1", heatmap.Map{
//		Title:    "plate-1",
//		Unit:     "MitoTracker, mean intensity",
//		Values:   map[string]float64{"B02": 0.12, "B03": 0.31},
//		Expected: wells,
//	})
//
// The colours are viridis: equal steps look equal, brighter is more, and both
// survive colour blindness and a grey printer. Other charts are not for here.
package heatmap
