package conformance

import (
	"cmp"
	"slices"
)

// finals is a model of an aggregation whose windows are forwarded when they close: what the models of windows and of sessions
// share. It has no more than maps, and no store to lose anything.
type finals struct {
	steps
	fold      folding
	grace     int64
	retention int64 // of the store
	memory    bool
	lossy     bool  // leave out what Kafka Streams' store has let expire by the time it is to be forwarded
	now       int64 // stream time
	stored    int64 // the latest time put into the store: a window's start, a session's end
	from      int64 // what is earlier was forwarded
	dropped   int64
}

// folding is what is computed.
type folding struct {
	init  Value
	add   func(a, v Value) Value
	merge func(a, b Value) Value
}

var (
	counting = folding{
		Number(0),
		func(a, _ Value) Value { return Number(a.num + 1) },
		func(a, b Value) Value { return Number(a.num + b.num) },
	}
	aggregating = folding{
		Text(start[string]()),
		func(a, v Value) Value { return Text(add(a.text, "", textOf(v))) },
		func(a, b Value) Value { return Text(merge(a.text, "", b.text)) },
	}
)

// newFinals is a model of a case whose windows need their store for so long.
func newFinals(p Params, needed int64, fold folding, lossy bool) finals {
	grace, _ := p.Int("graceMs")
	return finals{fold: fold, grace: grace, retention: needed + grace, memory: p.Text("store") == "inmemory", lossy: lossy, now: -1, stored: -1}
}

// admit puts a row into the store; one that is too old is dropped, by its segment if the store is on disk.
func (m *finals) admit(at int64) bool {
	m.stored = max(m.stored, at)
	ok := at > m.stored-m.retention
	if !m.memory {
		ok = m.segment(at) >= m.oldest()
	}
	if !ok {
		m.dropped++
	}
	return ok
}

func (m *finals) segment(at int64) int64 { return at / max(m.retention/2, 60_000) }

// oldest is the first segment that the store still has.
func (m *finals) oldest() int64 { return m.segment(max(0, m.stored-m.retention)) }

// final is a window that closes.
type final struct {
	key        string
	start, end int64
	at         int64 // its place in time
	value      Value
	time       int64
}

// forward puts out what closes, in the order of time; less is the order among equals.
func (m *finals) forward(list []final, less func(a, b final) int, headers []Header) {
	slices.SortFunc(list, func(a, b final) int { return cmp.Or(cmp.Compare(a.at, b.at), less(a, b)) })
	for _, f := range list {
		m.emit(Record{Topic: "out", Key: Text(f.key), Value: f.value, Time: f.time, Window: &Span{f.start, f.end}, Headers: headers})
	}
}

func byKeyOf(a, b final) int { return cmp.Compare(a.key, b.key) }

func byStartOf(a, b final) int { return cmp.Or(cmp.Compare(a.start, b.start), byKeyOf(a, b)) }
