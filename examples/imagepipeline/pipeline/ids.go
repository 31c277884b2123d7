package pipeline

import "strconv"

// ExperimentID is the key of an experiment: its name. The other keys are each the
// one before with a level more, with slashes between. As text they are legible
// in any Kafka tool.
type ExperimentID string

// PlateID is experiment/plate.
type PlateID string

// WellID is experiment/plate/well.
type WellID string

// SiteID is experiment/plate/well/site.
type SiteID string

// ImageID is experiment/plate/well/site/channel.
type ImageID string

// Position says where on which plate something was measured. It is a part of
// everything that flows.
type Position struct {
	Experiment string `msgpack:"experiment"`
	Plate      string `msgpack:"plate"`
	Well       string `msgpack:"well"`
	Site       int    `msgpack:"site,omitempty"` // 0 for a well
}

// ExperimentID is the key of the position's experiment.
func (p Position) ExperimentID() ExperimentID { return ExperimentID(p.Experiment) }

// PlateID is the key of the position's plate.
func (p Position) PlateID() PlateID { return PlateID(p.Experiment + "/" + p.Plate) }

// WellID is the key of the position's well.
func (p Position) WellID() WellID { return WellID(p.Experiment + "/" + p.Plate + "/" + p.Well) }

// SiteID is the key of the position's site.
func (p Position) SiteID() SiteID { return SiteID(string(p.WellID()) + "/" + strconv.Itoa(p.Site)) }
