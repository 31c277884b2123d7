package window

import (
	"fmt"
	"math"
	"time"
)

// Unlimited defines one window of each key, from start on for ever; records before start are in none, and are not counted as
// dropped. It never closes, so nothing is late and its row is kept for ever. Its End is the largest int64. Kafka
// Streams: UnlimitedWindows.startOn.
func Unlimited(start time.Time) TimeWindow {
	ms := start.UnixMilli()
	w := TimeWindow{kind: unlimited, size: math.MaxInt64, advance: math.MaxInt64 - max(0, ms), first: ms}
	switch {
	case ms < 0:
		w.fault = "the start is before the epoch, and event time is not: start it at time.UnixMilli(0) or later"
	case start.Nanosecond()%int(time.Millisecond) != 0:
		w.fault = "the start has a fraction of a millisecond, and event time has none: truncate it"
	}
	return w.named(fmt.Sprintf("Unlimited(%s)", start.UTC().Format(time.RFC3339Nano)))
}

// IsUnlimited reports whether the window has no end: that of [Unlimited].
func (w TimeWindow) IsUnlimited() bool { return w.kind == unlimited }
