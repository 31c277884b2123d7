package pipeline

import (
	"maps"
	"slices"
)

// Progress is what is known of a site while its images come in.
type Progress struct {
	Position
	Paths map[int]string `msgpack:"paths"` // by channel, the first image of each

	// Duplicates counts the images of a channel that was there already; they
	// are not used. Duplicate is the last of them.
	Duplicates int    `msgpack:"duplicates,omitempty"`
	Duplicate  string `msgpack:"duplicate,omitempty"`

	// Want are the channels that the experiment has. It is nil until the
	// experiment's metadata has come.
	Want []int `msgpack:"want"`
}

func newProgress() Progress { return Progress{} }

// Observe takes an image in. Of two images of a channel the first is kept: a site
// may be complete and on its way when the second comes.
func (p Progress) Observe(i Image) Progress {
	if p.Paths == nil {
		p.Position, p.Paths = i.Position, map[int]string{}
	}
	take(&p, i.Channel, i.Path)
	return p
}

// Merge joins the progress of two sessions of a site, the earlier first.
func (p Progress) Merge(o Progress) Progress {
	if p.Paths == nil {
		return o
	}
	for _, channel := range slices.Sorted(maps.Keys(o.Paths)) {
		take(&p, channel, o.Paths[channel])
	}
	if o.Duplicates > 0 {
		p.Duplicates += o.Duplicates
		p.Duplicate = o.Duplicate
	}
	return p
}

// take changes p's map: it is for aggregators only.
func take(p *Progress, channel int, path string) {
	if _, there := p.Paths[channel]; there {
		p.Duplicates++
		p.Duplicate = path
		return
	}
	p.Paths[channel] = path
}

// MarkCompleted adds what the experiment expects. It is called again whenever
// the site or the experiment changes, and leaves its argument as it is.
func (p Progress) MarkCompleted(e Experiment) Progress {
	p.Want = e.channels()
	return p
}

// Complete says whether all expected channels are there. An experiment that
// expects none is never complete: its metadata is wrong.
func (p Progress) Complete() bool { return len(p.Want) > 0 && len(p.missing()) == 0 }

// channels are those that are there.
func (p Progress) channels() []int { return slices.Sorted(maps.Keys(p.Paths)) }

// missing are the channels that are expected and not there.
func (p Progress) missing() []int {
	var missing []int
	for _, channel := range p.Want {
		if _, there := p.Paths[channel]; !there {
			missing = append(missing, channel)
		}
	}
	return missing
}

// open is the site as the watch keeps it.
func (p Progress) open() openSite {
	return openSite{Position: p.Position, Channels: p.channels(), Missing: p.missing(), Known: p.Want != nil}
}

// unused tells of the images that come to nothing.
func (p Progress) unused() Unused {
	u := Unused{Position: p.Position, Duplicates: p.Duplicates, Path: p.Duplicate}
	for _, channel := range p.channels() {
		if p.Want != nil && !slices.Contains(p.Want, channel) {
			u.Channels = append(u.Channels, channel)
		}
	}
	return u
}

// site is the task of a complete site.
func (p Progress) site() Site {
	s := Site{Position: p.Position}
	for _, channel := range p.Want {
		s.Paths = append(s.Paths, p.Paths[channel])
	}
	return s
}
