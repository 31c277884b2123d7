package window

import (
	"errors"
	"fmt"
	"time"
)

// JoinWindow is a definition of how far apart in time two records may be that a join of streams puts together, and how long the
// join waits for records that are late. Both ends belong to it. Make one with [Joined]. Two equal definitions are ==.
type JoinWindow struct {
	before, after, grace int64 // milliseconds
	made                 bool  // by Joined; all of them may be zero
	fault                string
}

// Joined defines that two records meet if their times differ by diff at most. Grace is how much later than that a record may come
// and still find its partners; it also is how long a left or an outer join waits until it gives a record without one.
// [JoinWindow.Before] and [JoinWindow.After] make the two directions differ. Kafka Streams:
// JoinWindows.ofTimeDifferenceAndGrace (KIP-633).
//
// Records are kept for the length of the window plus the grace, and are not found any more once a record of their own side is that
// much younger. As in Kafka Streams, that may be too soon: a partner at the very edge of a window of one direction is missed without
// any grace, one of a window with a negative end without a grace longer than that; and with diff and grace both zero
// nothing is ever found.
func Joined(diff, grace time.Duration) JoinWindow {
	w := JoinWindow{
		before: diff.Milliseconds(),
		after:  diff.Milliseconds(),
		grace:  grace.Milliseconds(),
		made:   true,
		fault:  faultOf(duration{"diff", diff, 0}, duration{"grace", grace, 0}),
	}
	if w.fault != "" {
		w.fault = fmt.Sprintf("Joined(%v, %v): %s", diff, grace, w.fault)
	}
	return w
}

// Before sets how much older than a left record its right partner may be. It may be negative: then the partner must be at least that
// much younger. Kafka Streams: JoinWindows.before.
func (w JoinWindow) Before(d time.Duration) JoinWindow {
	w.before = d.Milliseconds()
	return w.bounded("Before", d)
}

// After sets how much younger than a left record its right partner may be. It may be negative: then the partner must be at least
// that much older. Kafka Streams: JoinWindows.after.
func (w JoinWindow) After(d time.Duration) JoinWindow {
	w.after = d.Milliseconds()
	return w.bounded("After", d)
}

func (w JoinWindow) bounded(method string, d time.Duration) JoinWindow {
	if _, err := millis(d.Abs()); err != nil && w.fault == "" {
		w.fault = fmt.Sprintf("JoinWindow.%s(%v): it %v", method, d, err)
	}
	return w
}

// Bounds are how much older and how much younger than a left record its right partner may be, in milliseconds: a right record
// at time r meets a left one at time l if l-before <= r <= l+after.
func (w JoinWindow) Bounds() (before, after int64) { return w.before, w.after }

// Size is the length of the window in milliseconds: before plus after.
func (w JoinWindow) Size() int64 { return w.before + w.after }

// Grace is how much later a record may come and still find its partners, in milliseconds of stream time.
func (w JoinWindow) Grace() int64 { return w.grace }

// Retention is how long records must be kept in milliseconds: Size plus Grace.
func (w JoinWindow) Retention() int64 { return w.Size() + w.grace }

// Err is nil, or says what to change in the definition.
func (w JoinWindow) Err() error {
	switch {
	case !w.made:
		return errors.New("window: a JoinWindow is made with Joined, this one is empty")
	case w.fault != "":
		return asError(w.fault)
	case w.Size() < 0:
		return fmt.Errorf("window: a JoinWindow from %d ms before to %d ms after ends before it begins, so that no records could meet: "+
			"make before plus after at least 0", w.before, w.after)
	default:
		return nil
	}
}
