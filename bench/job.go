// Package bench measures the job of record: the 7,392 images of a plate (308 wells, 4 sites, 6 channels), re-keyed to
// sites through a repartition topic, aggregated in sessions, re-keyed to experiments through a second one, joined with
// the experiment's metadata, and sent on where a site is complete.
//
// The Go benchmarks here drive the engine alone, and the runtime end to end on the embedded broker; command plates runs
// the job on topics that another program filled, against the same job on Kafka Streams.
package bench

import (
	"maps"
	"math/bits"
	"strconv"
	"time"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// A plate's shape.
const (
	Wells    = 308
	Sites    = 4
	Channels = 6
	// ImagesPerPlate and SitesPerPlate follow from it.
	ImagesPerPlate = Wells * Sites * Channels
	SitesPerPlate  = Wells * Sites
)

// Image is an event of one image.
type Image struct {
	Experiment string `msgpack:"experiment"`
	Plate      string `msgpack:"plate"`
	Well       string `msgpack:"well"`
	Site       int    `msgpack:"site"`
	Channel    int    `msgpack:"channel"`
	Path       string `msgpack:"path"`
	TS         int64  `msgpack:"ts"` // ms since the epoch
}

// Metadata is what is known of an experiment.
type Metadata struct {
	NumChannels int `msgpack:"numChannels"`
}

// Progress is what is known of one site: a path per channel seen.
type Progress struct {
	Experiment string         `msgpack:"experiment"`
	Plate      string         `msgpack:"plate"`
	Well       string         `msgpack:"well"`
	Site       int            `msgpack:"site"`
	Channels   map[int]string `msgpack:"channels"`
	First      int64          `msgpack:"firstTs"`
	Last       int64          `msgpack:"lastTs"`
	Completed  bool           `msgpack:"completed"`
}

// Site is a complete site.
type Site struct {
	Experiment string   `msgpack:"experiment"`
	Plate      string   `msgpack:"plate"`
	Well       string   `msgpack:"well"`
	Site       int      `msgpack:"site"`
	Paths      []string `msgpack:"paths"` // in channel order
	TS         int64    `msgpack:"ts"`    // of the newest image
}

// aggregate is what the job needs of an accumulator: Progress has it by reflection, packed by a codec of its own.
type aggregate[A any] interface {
	observe(Image) A
	merge(A) A
	experiment() string
	count() int
	site() Site
}

// Names are the topics of a job.
type Names struct{ Images, Metadata, Sites string }

const (
	gap   = time.Hour
	grace = 24 * time.Hour
)

// ByHand is the job with hand-written codecs for what is hot.
func ByHand(app string, n Names) (*topology.Topology, error) {
	return job(app, topology.Topic[string, Image]{Name: n.Images, Value: imageSerde{}}, n,
		func() *packed { return nil }, topology.WithValueSerde(serde.Serde[*packed](packedSerde{})), siteSerde{})
}

// ByReflection is the job with the stock codec, MessagePack by reflection, throughout.
func ByReflection(app string, n Names) (*topology.Topology, error) {
	return job(app, topology.NewTopic[string, Image](n.Images), n, func() *Progress { return &Progress{} }, topology.Retention(gap+grace), nil)
}

func job[A aggregate[A]](app string, images topology.Topic[string, Image], n Names, start func() A, codec topology.Option, sites serde.Serde[Site]) (*topology.Topology, error) {
	b := topology.New(app)
	metadata := table.From(b, topology.NewTopic[string, Metadata](n.Metadata), topology.As("metadata"))
	progress := stream.From(b, images).
		GroupBy(func(_ string, i Image) string { return i.SiteID() }, topology.As("site")).
		WindowedBySession(window.Session(gap, grace)).
		Aggregate(start,
			func(a A, _ string, i Image) A { return a.observe(i) },
			func(a A, _ string, o A) A { return a.merge(o) },
			topology.As("sites"), topology.EmitOnCommit(), codec)
	// A null is a session that was merged into another.
	type joined struct {
		a        A
		complete bool
	}
	stream.Changes(progress).
		Filter(func(_ window.Key[string], a A) bool { return any(a) != any(*new(A)) }).
		SelectKey(func(_ window.Key[string], a A) string { return a.experiment() }).
		JoinTable(metadata, func(a A, m Metadata) joined { return joined{a, a.count() >= m.NumChannels} }, topology.As("by-experiment")).
		Filter(func(_ string, j joined) bool { return j.complete }).
		MapValues(func(j joined) Site { return j.a.site() }).
		To(topology.Topic[string, Site]{Name: n.Sites, Value: sites})
	return b.Build()
}

// SiteID is experiment/plate/well/site.
func (i Image) SiteID() string {
	b := make([]byte, 0, 48)
	b = append(append(b, i.Experiment...), '/')
	b = append(append(b, i.Plate...), '/')
	b = append(append(b, i.Well...), '/')
	return string(strconv.AppendInt(b, int64(i.Site), 10))
}

func (p *Progress) observe(i Image) *Progress {
	if len(p.Channels) == 0 {
		*p = Progress{Experiment: i.Experiment, Plate: i.Plate, Well: i.Well, Site: i.Site, Channels: map[int]string{}, First: i.TS, Last: i.TS}
	}
	p.Channels[i.Channel] = i.Path
	p.First, p.Last = min(p.First, i.TS), max(p.Last, i.TS)
	return p
}

func (p *Progress) merge(o *Progress) *Progress {
	switch {
	case len(o.Channels) == 0:
		return p
	case len(p.Channels) == 0:
		return o
	}
	maps.Copy(p.Channels, o.Channels)
	p.First, p.Last = min(p.First, o.First), max(p.Last, o.Last)
	return p
}

func (p *Progress) experiment() string { return p.Experiment }
func (p *Progress) count() int         { return len(p.Channels) }

func (p *Progress) site() Site {
	s := Site{Experiment: p.Experiment, Plate: p.Plate, Well: p.Well, Site: p.Site, TS: p.Last}
	for c := 1; len(s.Paths) < len(p.Channels) && c <= maxChannels; c++ {
		if path, ok := p.Channels[c]; ok {
			s.Paths = append(s.Paths, path)
		}
	}
	return s
}

// maxChannels is more than any microscope has filters for.
const maxChannels = 32

// packed is Progress in the shape that a codec of its own makes cheap: no map, and one string for all that is kept of an
// image.
type packed struct {
	exp, plate, well string
	siteNo           int
	paths            [8]string
	mask             uint32
	first, last      int64
	completed        bool
}

func (p *packed) observe(i Image) *packed {
	if p == nil {
		p = &packed{exp: i.Experiment, plate: i.Plate, well: i.Well, siteNo: i.Site, first: i.TS, last: i.TS}
	}
	if c := i.Channel - 1; c >= 0 && c < len(p.paths) {
		p.paths[c] = i.Path
		p.mask |= 1 << c
	}
	p.first, p.last = min(p.first, i.TS), max(p.last, i.TS)
	return p
}

func (p *packed) merge(o *packed) *packed {
	if p == nil {
		return o
	}
	for c, path := range o.paths {
		if o.mask&(1<<c) != 0 {
			p.paths[c] = path
		}
	}
	p.mask |= o.mask
	p.first, p.last = min(p.first, o.first), max(p.last, o.last)
	return p
}

func (p *packed) experiment() string { return p.exp }
func (p *packed) count() int         { return bits.OnesCount32(p.mask) }

func (p *packed) site() Site {
	s := Site{Experiment: p.exp, Plate: p.plate, Well: p.well, Site: p.siteNo, TS: p.last, Paths: make([]string, 0, Channels)}
	for c, path := range p.paths {
		if p.mask&(1<<c) != 0 {
			s.Paths = append(s.Paths, path)
		}
	}
	return s
}

// ID is experiment/plate/well/site.
func (s Site) ID() string {
	return Image{Experiment: s.Experiment, Plate: s.Plate, Well: s.Well, Site: s.Site}.SiteID()
}

// SiteSerde is the serde of the sites that a job sends.
func SiteSerde() serde.Serde[Site] { return siteSerde{} }
