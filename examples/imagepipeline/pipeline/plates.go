package pipeline

import (
	"errors"
	"slices"

	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

// PlateFeatures are the medians over a plate's wells.
type PlateFeatures struct {
	Position          // of the plate: no well, no site
	Wells    []string `msgpack:"wells"` // that they rest on
	Features
}

// plateProgress knows which of a plate's wells are there, and not what is in
// them: the features of 1,536 wells are more than a broker takes in one record.
type plateProgress struct {
	Position
	Wells []string `msgpack:"wells"` // sorted
	Want  int      `msgpack:"want,omitempty"`
}

func (p plateProgress) observe(w WellFeatures) plateProgress {
	p.Position = Position{Experiment: w.Experiment, Plate: w.Plate}
	if at, there := slices.BinarySearch(p.Wells, w.Well); !there {
		p.Wells = slices.Insert(p.Wells, at, w.Well)
	}
	return p
}

func (p plateProgress) merge(o plateProgress) plateProgress {
	p.Position = o.Position
	p.Wells = slices.Compact(slices.Sorted(slices.Values(append(p.Wells, o.Wells...))))
	return p
}

func (p plateProgress) expect(e Experiment) plateProgress {
	p.Want = e.WellsPerPlate
	return p
}

func (p plateProgress) complete() bool { return p.Want > 0 && len(p.Wells) >= p.Want }

// platePart is what summarise takes in: a well, or the word that it was the last.
type platePart struct {
	Well     *WellFeatures
	Complete bool
}

// plates is the stream of complete plates.
func plates(wells *stream.Stream[WellID, WellFeatures], experiments *table.Table[ExperimentID, Experiment]) *stream.Stream[PlateID, PlateFeatures] {
	byPlate := wells.
		SelectKey(func(_ WellID, w WellFeatures) PlateID { return w.PlateID() }).
		Repartition(topology.As("by-plate"))
	// A well is put aside before it is counted, so that it is there when the
	// last one makes the plate complete.
	parts := byPlate.MapValues(func(w WellFeatures) platePart { return platePart{Well: &w} })
	progress := byPlate.GroupByKey().
		WindowedBySession(runs()).
		Aggregate(func() plateProgress { return plateProgress{} },
			func(p plateProgress, _ PlateID, w WellFeatures) plateProgress { return p.observe(w) },
			func(p plateProgress, _ PlateID, o plateProgress) plateProgress { return p.merge(o) },
			topology.As("plate-progress"), topology.EmitOnCommit())
	expected := progress.ForeignKeyJoin(experiments, plateProgress.ExperimentID, plateProgress.expect, topology.As("plate-progress-expected"))
	complete := once(stream.Changes(expected), "plates-done", plateProgress.complete).
		MapValues(func(plateProgress) platePart { return platePart{Complete: true} })
	return summarise(parts.Merge(complete))
}

// summarise keeps the wells, a row each, until their plate is complete.
func summarise(parts *stream.Stream[PlateID, platePart]) *stream.Stream[PlateID, PlateFeatures] {
	spec := state.KeyValue[WellID, WellFeatures]("plate-wells")
	return parts.Process(func(c *stream.Context[PlateID, PlateFeatures]) (func(stream.Record[PlateID, platePart]) error, error) {
		rows, err := spec.Open(c)
		if err != nil {
			return nil, err
		}
		// Plates that were never complete leave wells behind.
		c.EveryStreamTime(forgetEvery, func(int64) error {
			now, err := newest(rows)
			return errors.Join(err, forget(rows, now))
		})
		return func(r stream.Record[PlateID, platePart]) error {
			if !r.Value.Complete {
				return rows.PutAt(r.Value.Well.WellID(), *r.Value.Well, r.Timestamp)
			}
			var plate PlateFeatures
			var all []Features
			for row, err := range rows.Prefix([]byte(r.Key + "/")) {
				if err != nil {
					return err
				}
				plate.Position = Position{Experiment: row.Value.Experiment, Plate: row.Value.Plate}
				plate.Wells = append(plate.Wells, row.Value.Well)
				all = append(all, row.Value.Features)
				if err := rows.Delete(row.Key); err != nil {
					return err
				}
			}
			plate.Features = Median(all...)
			return c.Forward(stream.Record[PlateID, PlateFeatures]{Key: r.Key, Value: plate, Timestamp: r.Timestamp})
		}, nil
	}, topology.As("summarise"), topology.WithStores(spec))
}
