package stream

import "github.com/millrace-go/millrace/internal/store"

// move is what a record does to one sliding window: it gets into it, or makes it, out of nothing or of what another holds.
type move struct {
	start int64
	made  bool
	from  int64 // the window that a new one is made of; -1: none
}

// slid is all that a record does, in order.
type slid struct {
	moves  []move
	right  move  // the one that makes the window after the record, without it; not made if there is none
	latest int64 // the latest record in right
}

// nearest is the start of the first window that a record at ts may have to do with.
func nearest(ts, size int64) int64 {
	if ts < size {
		return 0
	}
	return max(0, ts-2*size)
}

// slides says what a record at ts does, given the windows of its key from nearest up to ts+1: where each starts and its latest
// record. There is a window for each set of records that a window of that size can hold, told apart by the records at its
// ends: [ts-size, ts], the left window of a record, holds it as the last, and [ts+1, ts+1+size], its right window, holds what
// follows it, if anything does. So a record gets into the windows that are around it, makes its own left window from the one
// before it, makes its right window if later records are known, and makes the right window of the record before it,
// which had nothing in it until now.
func slides(near []store.Near, ts, size int64) slid {
	if ts < size {
		return slidesEarly(near, ts)
	}
	var s slid
	starts := func(at int64) bool { return among(near, at) }
	before := int64(-1) // the time of the record before
	left, around := move{from: -1}, (*store.Near)(nil)
	own, right := false, false // the record's left and right windows are there
walk:
	for i := len(near) - 1; i >= 0; i-- {
		w := &near[i]
		switch end := w.Start + size; {
		case w.Start == ts+1:
			right = true
		case end > ts:
			if around == nil {
				around = w
			}
			s.moves = append(s.moves, move{start: w.Start, from: -1})
		case end == ts:
			own = true
			s.moves = append(s.moves, move{start: w.Start, from: -1})
			if w.Latest >= ts { // there was a record at this time: nothing is new
				return s
			}
			before = w.Latest
		default:
			left.from, before = w.Start, w.Latest
			break walk
		}
	}
	if before >= 0 && before+1+size >= ts && !starts(before+1) {
		s.moves = append(s.moves, move{start: before + 1, made: true, from: -1})
	}
	if !own {
		left.start, left.made = ts-size, true
		if before < ts-size {
			left.from = -1
		}
		s.moves = append(s.moves, left)
	}
	if around != nil && !right {
		s.after(around, ts)
	}
	return s
}

// slidesEarly is slides for a record whose left window would start before the epoch: those records share the window [0, size].
func slidesEarly(near []store.Near, ts int64) slid {
	var s slid
	var shared, around *store.Near
	for i := range near {
		w := &near[i]
		switch {
		case w.Start == 0:
			shared = w
		case w.Start <= ts:
			around = w
			s.moves = append(s.moves, move{start: w.Start, from: -1})
		}
	}
	if around == nil {
		around = shared
	}
	if around != nil && !among(near, ts+1) {
		s.after(around, ts)
	}
	if shared != nil && shared.Latest < ts && !among(near, shared.Latest+1) {
		s.moves = append(s.moves, move{start: shared.Latest + 1, made: true, from: -1})
	}
	s.moves = append(s.moves, move{start: 0, made: shared == nil, from: -1})
	return s
}

// after makes the window of the records after ts, if around, the last window that begins before it, holds any: then it holds
// no other.
func (s *slid) after(around *store.Near, ts int64) {
	if around.Latest > ts {
		s.right, s.latest = move{start: ts + 1, made: true, from: around.Start}, around.Latest
		s.moves = append(s.moves, s.right)
	}
}

func among(near []store.Near, start int64) bool {
	for i := range near {
		if near[i].Start == start {
			return true
		}
	}
	return false
}
