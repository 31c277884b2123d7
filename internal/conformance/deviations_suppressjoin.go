package conformance

import (
	"maps"
	"slices"
)

// suppressJoinDeviations are of changes that were held back before a left join.
var suppressJoinDeviations = []Deviation{{
	Name:      "delete of a row that never was forwarded",
	Scenarios: []string{"suppress-then-join"},
	Reason: "a row that comes and goes while it is held back was never forwarded, so nothing is to be deleted downstream; Kafka Streams gives " +
		"what its last update replaced as the old value, and the left join after it takes that for a result and deletes it",
	Applies: func(p Params, input []Step) bool {
		if cache, _ := p.Int("cacheMaxBytes"); cache > 0 {
			return false
		}
		theirs, ours := joinHeld(p, input, true), joinHeld(p, input, false)
		return !slices.Equal(lines(theirs.output), lines(ours.output)) || !slices.Equal(theirs.after, ours.after)
	},
	Expect: func(c Case) Case {
		j := joinHeld(c.Params, c.Input, false)
		c.Output, c.After, c.Dropped = j.output, j.after, j.dropped
		c.Stores = map[string][]Row{"src": rowsOf(j.left), "rt": rowsOf(j.right), "j": rowsOf(j.joined)}
		return c
	},
}}

// heldJoin is a model of the scenario: a table held back for a time limit, then joined with another.
type heldJoin struct {
	steps
	left, right, joined map[string]Record
	held                map[string]*heldChange
	dropped             int64
}

// joinHeld runs the model. replaced says that a change's old value is what its last update replaced.
func joinHeld(p Params, input []Step, replaced bool) *heldJoin {
	limit, _ := p.Int("limitMs")
	j := &heldJoin{left: map[string]Record{}, right: map[string]Record{}, joined: map[string]Record{}, held: map[string]*heldChange{}}
	now := int64(-1)
	for _, s := range input {
		r, key := s.Record, s.Key.text
		switch {
		case r.Topic == "":
		case r.Key.IsNull():
			j.dropped++
		case r.Topic == "right":
			j.right[key] = r
			j.rightChanged(r)
		default:
			old := j.left[key].Value
			j.left[key], now = r, max(now, r.Time)
			h := j.held[key]
			if h == nil {
				h = &heldChange{at: r.Time, prior: old}
				j.held[key] = h
			}
			h.last, h.replaced = r, old
			for _, h := range slices.SortedFunc(maps.Values(j.held), inTime) {
				if h.at <= now-limit {
					delete(j.held, h.last.Key.text)
					if !replaced {
						h.replaced = h.prior
					}
					j.leftChanged(h.last, h.replaced)
				}
			}
		}
		j.end()
	}
	return j
}

// leftChanged joins a change that is let go.
func (j *heldJoin) leftChanged(r Record, old Value) {
	other := j.right[r.Key.text]
	if other.Value.IsNull() && old.IsNull() && r.Value.IsNull() {
		return
	}
	out := Record{Topic: "out", Key: r.Key, Time: r.Time, Headers: r.Headers}
	if !other.Value.IsNull() {
		out.Time = max(out.Time, other.Time)
	}
	if !r.Value.IsNull() {
		out.Value = Text(join(textOf(r.Value), textOf(other.Value)))
	}
	j.put(out)
}

// rightChanged joins a change with what the left table shows: while a change is held back, what was before it.
func (j *heldJoin) rightChanged(r Record) {
	row := j.left[r.Key.text]
	if h := j.held[r.Key.text]; h != nil {
		row = Record{Value: h.prior, Time: -1}
	}
	if !row.Value.IsNull() {
		j.put(Record{Topic: "out", Key: r.Key, Value: Text(join(textOf(row.Value), textOf(r.Value))), Time: max(r.Time, row.Time), Headers: r.Headers})
	}
}

func (j *heldJoin) put(out Record) {
	j.joined[out.Key.text] = out
	j.emit(out)
}

// rowsOf are a table's rows.
func rowsOf(table map[string]Record) []Row {
	var rows []Row
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if r := table[key]; !r.Value.IsNull() {
			rows = append(rows, Row{Key: r.Key, Value: r.Value, Time: &r.Time})
		}
	}
	return rows
}
