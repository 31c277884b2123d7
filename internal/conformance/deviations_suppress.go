package conformance

import (
	"cmp"
	"maps"
	"slices"
)

// suppressDeviations are of changes that were held back.
var suppressDeviations = []Deviation{{
	Name:      "old value of a suppressed change",
	Scenarios: []string{"suppress-then-group"},
	Reason: "a change that was held back tells the value that its last update replaced as the old one (Kafka Streams), though it was never " +
		"forwarded: a sum downstream subtracts what was not added and keeps what it should lose. Here the old value is what was forwarded before",
	Applies: func(p Params, input []Step) bool {
		theirs, ours := groupHeld(p, input, true), groupHeld(p, input, false)
		return !slices.Equal(lines(theirs.output), lines(ours.output)) || !slices.Equal(theirs.after, ours.after)
	},
	Expect: func(c Case) Case {
		g := groupHeld(c.Params, c.Input, false)
		c.Output, c.After, c.Dropped = g.output, g.after, g.dropped
		c.Stores = map[string][]Row{"src": g.src(), "agg": g.rows()}
		return c
	},
}}

// heldGroups is a model of the scenario: a table held back for a time limit, then grouped.
type heldGroups struct {
	steps
	table   map[string]Record
	held    map[string]*heldChange
	groups  map[string]total
	cached  bool // then what was not there is not told of as deleted
	dropped int64
}

// heldChange is a change that waits; replaced is what its last update replaced, prior what its first did.
type heldChange struct {
	at              int64
	last            Record
	replaced, prior Value
}

type total struct {
	value string
	time  int64
}

// groupHeld runs the model. replaced says that a change's old value is what its last update replaced.
func groupHeld(p Params, input []Step, replaced bool) *heldGroups {
	limit, _ := p.Int("limitMs")
	cache, _ := p.Int("cacheMaxBytes")
	g := &heldGroups{table: map[string]Record{}, held: map[string]*heldChange{}, groups: map[string]total{}, cached: cache > 0}
	now := int64(-1)
	for _, s := range input {
		r, key := s.Record, s.Key.text
		old := g.table[key].Value
		switch {
		case r.Key.IsNull():
			g.dropped++
		case g.cached && r.Value.IsNull() && old.IsNull():
		default:
			g.table[key], now = r, max(now, r.Time)
			h := g.held[key]
			if h == nil {
				h = &heldChange{at: r.Time, prior: old}
				g.held[key] = h
			}
			h.last, h.replaced = r, old
			for _, h := range slices.SortedFunc(maps.Values(g.held), inTime) {
				if h.at <= now-limit {
					g.release(h, replaced)
				}
			}
		}
		g.end()
	}
	return g
}

func inTime(a, b *heldChange) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.last.Key.text, b.last.Key.text))
}

// release regroups a change: one record where old and new value are of one group, else the old group's first.
func (g *heldGroups) release(h *heldChange, replaced bool) {
	delete(g.held, h.last.Key.text)
	old, now := h.prior, h.last.Value
	if replaced {
		old = h.replaced
	}
	switch {
	case !old.IsNull() && !now.IsNull() && first(old.text) == first(now.text):
		g.change(h.last, old, now)
	default:
		if !old.IsNull() {
			g.change(h.last, old, Value{})
		}
		if !now.IsNull() {
			g.change(h.last, Value{}, now)
		}
	}
}

// change takes a value out of a group and puts one in; either may be null.
func (g *heldGroups) change(r Record, old, now Value) {
	group := first(old.text + now.text)
	sum, was := g.groups[group]
	out := Record{Topic: "out", Key: Text(group), Time: max(r.Time, sum.time), Headers: r.Headers}
	if !was && now.IsNull() {
		if !g.cached {
			g.emit(out)
		}
		return
	}
	if was && !old.IsNull() {
		sum.value = short(sum.value + "-" + old.text)
	}
	if !was {
		sum.value = start[string]()
	}
	if !now.IsNull() {
		sum.value = add(sum.value, group, now.text)
	}
	sum.time = out.Time
	g.groups[group] = sum
	out.Value = Text(sum.value)
	g.emit(out)
}

// src are the table's rows in the end.
func (g *heldGroups) src() []Row {
	var rows []Row
	for _, key := range slices.Sorted(maps.Keys(g.table)) {
		if r := g.table[key]; !r.Value.IsNull() {
			rows = append(rows, Row{Key: r.Key, Value: r.Value, Time: &r.Time})
		}
	}
	return rows
}

// rows are the groups in the end.
func (g *heldGroups) rows() []Row {
	var rows []Row
	for _, group := range slices.Sorted(maps.Keys(g.groups)) {
		sum := g.groups[group]
		rows = append(rows, Row{Key: Text(group), Value: Text(sum.value), Time: &sum.time})
	}
	return rows
}
