// Package window defines windows over event time.
//
// Times are int64 milliseconds since the epoch, as Kafka's timestamps are; durations become whole milliseconds. Its nouns are
// [TimeWindow], windows of a fixed size at fixed places, or wherever records are; [SessionWindow], which grows with activity;
// [JoinWindow], how far apart records that are joined may be; and [Key], a key in a window. A window here is only a definition:
// what is late, what is kept and what is emitted is the business of package stream.
//
// A constructor does not fail; a definition that makes no sense carries its error ([TimeWindow.Err] and its like), which a
// topology reports when it is built.
package window

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"time"
)

// NoGrace drops whatever is late; grace is always stated, so that none is a choice and not an oversight.
const NoGrace time.Duration = 0

// TimeWindow is a definition of windows of one size: at multiples of an advance from the epoch ([Tumbling], [Hopping]), where
// records are ([Sliding]), or a single one without an end ([Unlimited]). Two equal definitions are ==.
type TimeWindow struct {
	size, advance, grace int64 // milliseconds
	first                int64 // no window starts before it
	kind                 kind
	fault                string
}

type kind uint8

const (
	fixed kind = iota
	sliding
	unlimited
)

// Tumbling defines windows of size that neither overlap nor leave gaps; each record is in exactly one. A window takes late
// records until stream time reaches its end plus grace. Kafka Streams: TimeWindows.ofSizeAndGrace (KIP-633).
func Tumbling(size, grace time.Duration) TimeWindow {
	w := TimeWindow{fault: faultOf(duration{"size", size, 1}, duration{"grace", grace, 0})}
	w.size, w.advance, w.grace = size.Milliseconds(), size.Milliseconds(), grace.Milliseconds()
	return w.named(fmt.Sprintf("Tumbling(%v, %v)", size, grace))
}

// Hopping defines windows of size that start every advance, so that each record is in up to ceil(size/advance) windows; with
// advance == size they tumble. Late records as in [Tumbling]. Kafka Streams: TimeWindows.ofSizeAndGrace(...).advanceBy.
func Hopping(size, advance, grace time.Duration) TimeWindow {
	w := TimeWindow{fault: faultOf(duration{"size", size, 1}, duration{"advance", advance, 1}, duration{"grace", grace, 0})}
	if w.fault == "" && advance > size {
		w.fault = fmt.Sprintf("records between windows would be lost: make advance at most the size, %v", size)
	}
	w.size, w.advance, w.grace = size.Milliseconds(), advance.Milliseconds(), grace.Milliseconds()
	return w.named(fmt.Sprintf("Hopping(%v, %v, %v)", size, advance, grace))
}

func (w TimeWindow) named(call string) TimeWindow {
	if w.fault != "" {
		w.fault = call + ": " + w.fault
	}
	return w
}

// Size is the length of a window in milliseconds: of sliding windows the difference, of an unlimited one the largest int64.
func (w TimeWindow) Size() int64 { return w.size }

// Advance is the distance between the starts of neighbouring windows in milliseconds; sliding windows have none, and it is
// more than any time then.
func (w TimeWindow) Advance() int64 { return w.advance }

// Grace is how long after its end a window still takes records, in milliseconds of stream time.
func (w TimeWindow) Grace() int64 { return w.grace }

// Retention is how long a window must be kept in milliseconds: Size plus Grace; twice the difference plus Grace for sliding
// windows, of which a record needs those before it; and 0, for ever, for an unlimited one.
func (w TimeWindow) Retention() int64 {
	switch w.kind {
	case sliding:
		return 2*w.size + w.grace
	case unlimited:
		return 0
	default:
		return w.size + w.grace
	}
}

// Err is nil, or says what to change in the definition. The other methods of a faulty definition do not panic, and no time lies in
// any of its windows.
func (w TimeWindow) Err() error {
	if w.fault == "" && w.size == 0 && w.kind == fixed {
		return errors.New("window: a TimeWindow is made with Tumbling, Hopping, Sliding or Unlimited, this one is empty")
	}
	return asError(w.fault)
}

// First is the start of the first window that holds ts, by Kafka Streams' rule: windows are aligned to the epoch and none starts
// before it. The others start every [TimeWindow.Advance] up to ts:
//
//	for start := w.First(ts); start <= ts; start += w.Advance() { ... }
//
// A ts that lies in no window, as a negative one or one before an unlimited window, gives a First that is greater than ts; so does
// every ts for sliding windows, which have no fixed places. (Near the largest int64 the loop above overflows, which
// [TimeWindow.Starts] guards against.)
func (w TimeWindow) First(ts int64) int64 {
	switch {
	case ts < w.first || w.kind == sliding || w.Err() != nil:
		return math.MaxInt64
	case w.kind == unlimited:
		return w.first
	default:
		return max(0, ts-w.size+w.advance) / w.advance * w.advance
	}
}

// Starts yields the start of every window that holds ts, in ascending order; none if ts is negative. It does not allocate where the compiler
// can inline the loop.
func (w TimeWindow) Starts(ts int64) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for start := w.First(ts); start <= ts && yield(start); start += w.advance {
			if start > math.MaxInt64-w.advance {
				return
			}
		}
	}
}

// End is the end of the window that starts at start, exclusive but for sliding windows; it stops at the largest time instead
// of overflowing.
func (w TimeWindow) End(start int64) int64 {
	if start > math.MaxInt64-w.size {
		return math.MaxInt64
	}
	return start + w.size
}
