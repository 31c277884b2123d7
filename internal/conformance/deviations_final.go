package conformance

import (
	"fmt"
	"slices"
)

const finalReason = "a window that closes is read back from its store, after the record that closes it was put there: by then the store may have " +
	"let it expire, and Kafka Streams forwards nothing of it. A store on disk loses windows of the default retention after a leap in stream " +
	"time, one in memory those just closed, and one in memory every session. Here each window and session is forwarded"

// finalDeviations are of windows that are forwarded when they close.
var finalDeviations = []Deviation{
	finalDeviation("closed windows that have expired", finalCounts,
		"tumbling-final-count", "hopping-final-count", "sliding-final-count", "session-final-count"),
	finalDeviation("closed aggregates that have expired", finalAggregates,
		"tumbling-final-aggregate", "hopping-final-aggregate", "sliding-final-aggregate", "session-final-aggregate"),
	finalDeviation("closed sites that have expired", finalSites, "imaging-emit-final"),
}

// finalDeviation is where a model gives something else with the losses than without.
func finalDeviation(name string, model func(p Params, input []Step, lossy bool) Case, scenarios ...string) Deviation {
	return Deviation{
		Name: name, Scenarios: scenarios, Reason: finalReason,
		Applies: func(p Params, input []Step) bool {
			theirs, ours := model(p, input, true), model(p, input, false)
			return !slices.Equal(lines(theirs.Output), lines(ours.Output)) || !slices.Equal(theirs.After, ours.After)
		},
		Expect: func(c Case) Case {
			m := model(c.Params, c.Input, false)
			c.Output, c.After, c.Stores, c.Dropped = m.Output, m.After, m.Stores, m.Dropped
			return c
		},
	}
}

func finalCounts(p Params, input []Step, lossy bool) Case { return finalsOf(p, input, lossy, counting) }

func finalAggregates(p Params, input []Step, lossy bool) Case {
	return finalsOf(p, input, lossy, aggregating)
}

// finalsOf is what a model gives.
func finalsOf(p Params, input []Step, lossy bool, fold folding) Case {
	if _, sessions := p.Int("gapMs"); sessions {
		m := newFinalSessions(p, fold, lossy).run(input)
		return Case{Output: m.output, After: m.after, Stores: map[string][]Row{"s": m.left()}, Dropped: m.dropped}
	}
	m := newFinalWindows(p, fold, lossy).run(input)
	return Case{Output: m.output, After: m.after, Stores: map[string][]Row{"w": m.left()}, Dropped: m.dropped}
}

// collecting gathers the images of a site.
var collecting = folding{
	Text(""),
	func(a, v Value) Value {
		if v.IsNull() {
			return a
		}
		return Text(addImage(a.text, "", v.text))
	},
	func(a, b Value) Value { return Text(mergeImages(a.text, "", b.text)) },
}

// finalSites is the model of imaging-emit-final: closed sessions, joined with a table, then what is complete of them.
func finalSites(p Params, input []Step, lossy bool) Case {
	sites := newFinalSessions(p, collecting, lossy)
	plates := map[string]Record{}
	var out steps
	dropped := int64(0)
	for _, s := range input {
		switch {
		case s.Topic == "images_channels":
			before := len(sites.output)
			sites.take(s.Record)
			for _, f := range sites.output[before:] {
				plate, joined := plates[plateOf(f.Key.text)]
				v := fmt.Sprintf("%s %s@%d-%d %s", f.Value.text, f.Key.text, f.Window.Start, f.Window.End, plate.Value.text)
				if joined && complete("", v) {
					out.emit(Record{Topic: "images_site", Key: Text(siteOf("", v)), Value: Text(v), Time: f.Time, Headers: f.Headers})
				}
			}
		case s.Topic == "":
		case s.Key.IsNull():
			dropped++
		case s.Value.IsNull():
			delete(plates, s.Key.text)
		default:
			plates[s.Key.text] = s.Record
		}
		out.end()
	}
	var exps []Row
	for key, r := range plates {
		exps = append(exps, Row{Key: Text(key), Value: r.Value, Time: new(r.Time)})
	}
	return Case{
		Output: out.output, After: out.after, Dropped: sites.dropped + dropped,
		Stores: map[string][]Row{"sites": sites.left(), "exps": exps},
	}
}
