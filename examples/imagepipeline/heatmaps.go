package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/millrace-go/millrace/examples/imagepipeline/heatmap"
	"github.com/millrace-go/millrace/examples/imagepipeline/pipeline"
)

// draw writes the heat maps: one of each channel of each plate, of the wells'
// mean intensities. Wells that are not complete are drawn from the sites that
// they have, and marked.
func (r *reporter) draw(out string) error {
	plates := map[pipeline.PlateID]*drawing{}
	for _, id := range slices.Sorted(maps.Keys(r.goal.plates)) {
		plates[id] = r.drawing(id)
	}
	folder := filepath.Join(out, "heatmaps")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	files := 0
	for _, id := range slices.Sorted(maps.Keys(plates)) {
		d := plates[id]
		for channel := range d.channels {
			m := d.heatMap(channel)
			if len(m.Values) == 0 {
				continue
			}
			m.Min, m.Max = scale(plates, channel)
			name := fmt.Sprintf("%s_%s_channel-%d", fileName(d.at.Experiment), fileName(d.at.Plate), channel+1)
			if _, _, err := heatmap.Write(filepath.Join(folder, name), m); err != nil {
				return err
			}
			files += 2
		}
	}
	folder, err := filepath.Abs(folder)
	r.screen.Printf("heat maps  %d files in %s", files, folder)
	return err
}

// drawing is a plate to draw.
type drawing struct {
	at         pipeline.Position
	stains     []string
	channels   int
	wells      map[string]pipeline.Features
	expected   []string
	incomplete map[string]string
}

func (r *reporter) drawing(id pipeline.PlateID) *drawing {
	at := r.goal.plates[id]
	e := r.goal.experiments[at.ExperimentID()]
	d := &drawing{at: at, stains: e.Stains, wells: map[string]pipeline.Features{}, incomplete: map[string]string{}}
	partly := map[string][]pipeline.Features{}
	for id, s := range r.goal.sites {
		if f, there := r.board.features[id]; there && s.at.PlateID() == at.PlateID() {
			partly[s.at.Well] = append(partly[s.at.Well], f.Features)
		}
	}
	for id, well := range r.goal.wells {
		if well.PlateID() != at.PlateID() {
			continue
		}
		d.expected = append(d.expected, well.Well)
		if w, there := r.board.wells[id]; there {
			d.wells[well.Well] = w.Features
		} else if sites := partly[well.Well]; len(sites) > 0 {
			d.wells[well.Well] = pipeline.Median(sites...)
			d.incomplete[well.Well] = fmt.Sprintf("%d of %d sites", len(sites), e.SitesPerWell)
		}
		d.channels = max(d.channels, len(d.wells[well.Well].Channels))
	}
	return d
}

func (d *drawing) heatMap(channel int) heatmap.Map {
	stain := fmt.Sprintf("channel %d", channel+1)
	if channel < len(d.stains) {
		stain = d.stains[channel]
	}
	return heatmap.Map{
		Title: d.at.Plate, Subtitle: d.at.Experiment + ", colours from the 1st to the 99th percentile of all plates", Unit: stain + ", mean intensity",
		Values: d.values(channel), Expected: d.expected, Incomplete: d.incomplete,
	}
}

func (d *drawing) values(channel int) map[string]float64 {
	values := map[string]float64{}
	for well, f := range d.wells {
		if channel < len(f.Channels) {
			values[well] = f.Channels[channel].MeanIntensity
		}
	}
	return values
}

// scale is from the 1st to the 99th percentile of a channel on all plates, so
// that a colour means the same on each, and a few bright wells do not leave all
// the others dark.
func scale(plates map[pipeline.PlateID]*drawing, channel int) (least, greatest float64) {
	var all []float64
	for _, d := range plates {
		all = slices.AppendSeq(all, maps.Values(d.values(channel)))
	}
	if len(all) == 0 {
		return 0, 0
	}
	slices.Sort(all)
	return all[len(all)/100], all[len(all)-1-len(all)/100]
}

// fileName is a name without what a file's name cannot have.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>| `, r) {
			return '-'
		}
		return r
	}, name)
}
