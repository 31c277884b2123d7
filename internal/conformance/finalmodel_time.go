package conformance

import (
	"maps"
	"slices"
)

// windowRow is a row of the store.
type windowRow struct {
	value Value
	time  int64
}

// finalWindows is the model of time and sliding windows.
type finalWindows struct {
	finals
	size, advance int64                          // an advance of 0: they slide
	rows          map[string]map[int64]windowRow // by key and start
}

func newFinalWindows(p Params, fold folding, lossy bool) *finalWindows {
	w := &finalWindows{rows: map[string]map[int64]windowRow{}}
	if d, ok := p.Int("diffMs"); ok {
		w.size, w.finals = d, newFinals(p, 2*d, fold, lossy)
		return w
	}
	w.size, _ = p.Int("sizeMs")
	w.advance = w.size
	if a, ok := p.Int("advanceMs"); ok {
		w.advance = a
	}
	w.finals = newFinals(p, w.size, fold, lossy)
	return w
}

// run goes through the input.
func (w *finalWindows) run(input []Step) *finalWindows {
	for _, s := range input {
		if s.Topic != "" {
			w.take(s.Record)
		}
		w.end()
	}
	return w
}

func (w *finalWindows) take(r Record) {
	slides := w.advance == 0
	if r.Key.IsNull() || slides && r.Value.IsNull() {
		w.dropped++
		return
	}
	w.now = max(w.now, r.Time)
	if slides {
		if w.slide(r) {
			w.close(w.now-w.grace-w.size-1, r.Headers)
		}
		return
	}
	first := r.Time / w.advance * w.advance
	for first >= w.advance && first-w.advance+w.size > r.Time {
		first -= w.advance
	}
	for start := first; start <= r.Time && start+w.size > r.Time; start += w.advance {
		if start+w.size <= w.now-w.grace {
			w.dropped++
			continue
		}
		w.put(r, start, w.row(r.Key.text, start))
	}
	w.close(w.now-w.grace-w.size, r.Headers)
}

// seen reports whether Kafka Streams' store still shows windows that start at a time.
func (w *finalWindows) seen(start int64) bool {
	if w.memory {
		return start > w.stored-w.retention
	}
	return start >= w.stored-w.retention
}

// row is the row of a window that is seen, nil without one.
func (w *finalWindows) row(key string, start int64) *windowRow {
	if t, ok := w.rows[key][start]; ok && w.seen(start) {
		return &t
	}
	return nil
}

// put folds r into what a window held, or into nothing.
func (w *finalWindows) put(r Record, start int64, held *windowRow) {
	t := windowRow{w.fold.init, r.Time}
	if held != nil {
		t = windowRow{held.value, max(held.time, r.Time)}
	}
	t.value = w.fold.add(t.value, r.Value)
	w.set(r.Key.text, start, t)
}

func (w *finalWindows) set(key string, start int64, t windowRow) {
	if !w.admit(start) {
		return
	}
	if w.rows[key] == nil {
		w.rows[key] = map[int64]windowRow{}
	}
	w.rows[key][start] = t
}

// close forwards the windows that start up to last.
func (w *finalWindows) close(last int64, headers []Header) {
	if last < w.from {
		return
	}
	var closed []final
	for key, list := range w.rows {
		for start, t := range list {
			if start >= w.from && start <= last && (!w.lossy || w.seen(start)) {
				closed = append(closed, final{key, start, start + w.size, start, t.value, t.time})
			}
		}
	}
	w.forward(closed, byKeyOf, headers)
	w.from = last + 1
}

// left are the rows that the store shows at the end.
func (w *finalWindows) left() []Row {
	var list []Row
	for key, windows := range w.rows {
		for start, t := range windows {
			if w.seen(start) {
				list = append(list, Row{Text(key), t.value, new(t.time), &Span{start, start + w.size}})
			}
		}
	}
	return list
}

// slide takes a record into sliding windows, going forward through those around it (Kafka Streams has this algorithm for
// stores that do not go backward). It reports whether windows may close by it: those of a record that is late, or nearer to
// the epoch than a window's size, do not.
func (w *finalWindows) slide(r Record) bool {
	ts, closed := r.Time, w.now-w.grace
	if ts+w.size < closed {
		w.dropped++
		return false
	}
	fold := func(start int64, held *windowRow) {
		if start+w.size < closed {
			w.dropped++
			return
		}
		w.put(r, start, held)
	}
	early := ts < w.size
	var shared, left, right *windowRow // the early records' window, the last one before r, the last one around r
	var before *int64                  // the time of the record before
	own, again := false, false         // r's left window is there; another record has r's time
	near := w.near(r.Key.text, ts, early)
	for _, start := range near {
		held := w.row(r.Key.text, start)
		switch end := start + w.size; {
		case start == ts+1:
		case early && start == 0:
			shared = held
			if held.time < ts {
				before = &held.time
			}
		case end < ts:
			left, before = held, &held.time
		case end == ts:
			own, again = true, held.time >= ts
			if !again {
				before = &held.time
			}
			fold(start, held)
		default:
			right = held
			fold(start, held)
		}
	}
	if right == nil {
		right = shared
	}
	follow := func() {
		if right != nil && right.time > ts && !slices.Contains(near, ts+1) {
			w.set(r.Key.text, ts+1, *right)
		}
	}
	bridge := func() {
		if before != nil && *before+1+w.size >= ts && !slices.Contains(near, *before+1) {
			fold(*before+1, nil)
		}
	}
	switch {
	case early:
		follow()
		bridge()
		fold(0, shared)
		return false
	case again:
		return true
	}
	bridge()
	if !own {
		if before == nil || *before < ts-w.size {
			left = nil
		}
		fold(ts-w.size, left)
	}
	follow()
	return true
}

// near are the starts of the windows that a record looks at.
func (w *finalWindows) near(key string, ts int64, early bool) []int64 {
	from := max(0, ts-2*w.size)
	if early {
		from = 0
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(w.rows[key])), func(start int64) bool {
		return start < from || start > ts+1 || !w.seen(start)
	})
}
